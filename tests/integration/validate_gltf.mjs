// Khronos' own validator: node validate_gltf.mjs NODE_MODULES FILE -> its report as JSON on stdout.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [modules, file] = process.argv.slice(2);
const validator = createRequire(path.join(path.resolve(modules), "x.js"))(path.join(path.resolve(modules), "gltf-validator"));
process.stdout.write(JSON.stringify(await validator.validateBytes(new Uint8Array(fs.readFileSync(file)))));
