// Requests to the native API with the bearer token. An error carries the exchange's own message, which says the
// field and the expectation; the token is in a header only, never in an address.

export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly field: string | null,
    readonly code: string | null = null,
    /** What the exchange says besides: conflicts and alternatives, each as released to the asker. */
    readonly detail: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 15_000;

export interface Request {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  /** Makes a repeated write the same one: the exchange answers both with the first's outcome. */
  readonly key?: string;
  /** Ended by whoever asked, where the answer is no longer wanted. */
  readonly signal?: AbortSignal;
}

function headersOf(token: string, { body, key }: Request): Record<string, string> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}`, Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  return headers;
}

export async function ask(token: string, path: string, request: Request = {}): Promise<unknown> {
  const { method = "GET", body, signal } = request;
  const late = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(path, {
    method,
    headers: headersOf(token, request),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    cache: "no-store",
    credentials: "omit",
    signal: signal ? AbortSignal.any([signal, late]) : late,
  });
  if (response.ok) return response.json();
  throw await refusal(response);
}

export async function post(token: string, path: string, body: unknown, key: string): Promise<unknown> {
  return ask(token, path, { method: "POST", body, key });
}

async function refusal(response: Response): Promise<Refused> {
  let message = `the exchange answered ${response.status}`;
  let field: string | null = null;
  let code: string | null = null;
  let detail: Record<string, unknown> = {};
  try {
    const body = (await response.json()) as { message?: unknown; field?: unknown; code?: unknown; detail?: unknown };
    if (typeof body.message === "string") message = body.message;
    if (typeof body.field === "string") field = body.field;
    if (typeof body.code === "string") code = body.code;
    if (typeof body.detail === "object" && body.detail !== null) detail = body.detail as Record<string, unknown>;
  } catch {
    // A proxy in between may answer without JSON; the status says enough.
  }
  return new Refused(response.status, message, field, code, detail);
}
