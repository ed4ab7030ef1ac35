// Prints the errors and warnings of the AsyncAPI parser about the document named on the command line, as JSON.
// The parser is looked up in the folder that the second argument names.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const [documentPath, parserFolder] = process.argv.slice(2);
const { Parser } = createRequire(join(parserFolder, "package.json"))("@asyncapi/parser");
const { document, diagnostics } = await new Parser().parse(await readFile(documentPath, "utf8"));
const complaints = diagnostics
  .filter(({ severity }) => severity <= 1)
  .map(({ severity, code, message, path }) => ({ severity, code, message, path: path.join(".") }));
console.log(JSON.stringify({ parsed: document !== undefined, version: document?.version(), complaints }));
