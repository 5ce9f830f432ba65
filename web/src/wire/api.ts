// Requests to the native API with the bearer token. An error carries the exchange's own message, which says the
// field and the expectation; the token is in a header only, never in an address.

export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly field: string | null,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 15_000;

export async function ask(token: string, path: string): Promise<unknown> {
  const response = await fetch(path, {
    headers: { Authorization: `Bearer ${token}`, Accept: "application/json" },
    cache: "no-store",
    credentials: "omit",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return response.json();
  throw await refusal(response);
}

/** A write. `key` makes a repeated one the same one: the exchange answers both with the first's outcome. */
export async function post(token: string, path: string, body: unknown, key: string): Promise<unknown> {
  const response = await fetch(path, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: "application/json",
      "Content-Type": "application/json",
      "Idempotency-Key": key,
    },
    body: JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return response.json();
  throw await refusal(response);
}

async function refusal(response: Response): Promise<Refused> {
  let message = `the exchange answered ${response.status}`;
  let field: string | null = null;
  try {
    const body = (await response.json()) as { message?: unknown; field?: unknown };
    if (typeof body.message === "string") message = body.message;
    if (typeof body.field === "string") field = body.field;
  } catch {
    // A proxy in between may answer without JSON; the status says enough.
  }
  return new Refused(response.status, message, field);
}
