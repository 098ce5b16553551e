// Validates SARIF on standard input against the schema of SARIF 2.1.0, which @microsoft/jest-sarif has.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv";

const require = createRequire(import.meta.url);
const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
const ajv = new Ajv({ allErrors: true, schemaId: "auto", meta: false, validateSchema: false, unknownFormats: "ignore" });
const validate = ajv.compile(schema);
const sarif = JSON.parse(readFileSync(0, "utf8"));
if (!validate(sarif)) {
  console.error(validate.errors.slice(0, 10).map(({ dataPath, message }) => `${dataPath}: ${message}`).join("\n"));
  process.exit(1);
}
console.log(`${sarif.runs[0].results.length} results are valid SARIF 2.1.0`);
