// Builds the map into the Python package. Every file ends up under assets/ with a hash in its name, nothing
// is inlined as a data: URL (the page's Content-Security-Policy has font-src 'self' only), and no source map
// is shipped. In development `npm run build -- --watch` beside a running exchange is all that is needed.
import { defineConfig } from "vitest/config";
import { writeBaseMap } from "./scripts/basemap.mjs";
import { unwrap } from "./src/geometry/ring.ts";

const baseMap = {
  name: "base map",
  apply: "build" as const,
  buildStart(): void {
    writeBaseMap(new URL(".", import.meta.url).pathname, unwrap);
  },
};

export default defineConfig({
  base: "./",
  plugins: [baseMap],
  build: {
    outDir: "../src/comity/http/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    chunkSizeWarningLimit: 2000,
    modulePreload: { polyfill: false },
  },
  test: { include: ["tests/**/*.test.{ts,mjs}"], environment: "node" },
});
