// Compiles { files: { name: text } } with TypeScript as strict as it gets; answers { errors, seconds, code: { name: … } }.
// `eventwire` is the npm package's own types.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build, transform } from "esbuild";

const bundled = { bundle: true, write: false, format: "esm", minifySyntax: true, minifyWhitespace: true };
const here = dirname(fileURLToPath(import.meta.url));
let input = "";
for await (const chunk of process.stdin.setEncoding("utf8")) input += chunk;
const { files } = JSON.parse(input);

const folder = mkdtempSync(join(tmpdir(), "eventwire-contract-"));
try {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      target: "es2022",
      lib: ["es2022"],
      module: "esnext",
      moduleResolution: "bundler",
      types: [],
      allowImportingTsExtensions: true,
      exactOptionalPropertyTypes: true,
      erasableSyntaxOnly: true,
      isolatedDeclarations: true,
      declaration: true,
      noFallthroughCasesInSwitch: true,
      noImplicitOverride: true,
      noImplicitReturns: true,
      noPropertyAccessFromIndexSignature: true,
      noUncheckedIndexedAccess: true,
      noUncheckedSideEffectImports: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      verbatimModuleSyntax: true,
      paths: { eventwire: [join(here, "../../../npm/src/contract.ts")] },
    },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  let errors = "";
  const began = performance.now();
  try {
    execFileSync(join(here, "node_modules/.bin/tsc"), ["--project", folder, "--pretty", "false"], { cwd: folder, encoding: "utf8" });
  } catch (error) {
    errors = error.stdout ?? String(error);
  }
  const seconds = (performance.now() - began) / 1000;
  const code = {};
  for (const [name, text] of Object.entries(files)) {
    const loader = name.endsWith(".ts") ? "ts" : "js";
    const plain = await transform(text, { loader, minifySyntax: true, minifyWhitespace: true, legalComments: "none" });
    // What a page ships that uses the contract alone.
    const contract = /^export const ([^\s:]+)/m.exec(text)?.[1];
    const shipped = await build({
      stdin: { contents: `export ${contract ? `{ ${contract} }` : "*"} from ${JSON.stringify("./" + name)}`, resolveDir: folder },
      ...bundled,
      minify: true,
    });
    // What a page ships that imports the module for nothing.
    const unused = await build({
      stdin: { contents: `import ${JSON.stringify("./" + name)}`, resolveDir: folder },
      ...bundled,
    });
    const imported = await build({
      stdin: { contents: `import * as all from ${JSON.stringify("./" + name)}; export const none = 0;`, resolveDir: folder },
      ...bundled,
    });
    code[name] = {
      plain: plain.code,
      brotli: brotliCompressSync(shipped.outputFiles[0].text).length,
      shipped: shipped.outputFiles[0].text,
      unused: imported.outputFiles[0].text.trim(),
      bare: unused.outputFiles[0].text.trim(),
    };
  }
  console.log(JSON.stringify({ errors, seconds, code }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
