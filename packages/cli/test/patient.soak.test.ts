import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// What `npm test` has no time for: the README's commands for as long as each says, programs
// that use up their time or memory, searches of many seeds.
process.env['PATIENT'] = 'true'

const ENDING = '.test.ts'

/** Found by what they import, so that no file with patient tests is forgotten here. */
const files = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(ENDING) && !name.endsWith(`.soak${ENDING}`))
  .filter((name) => /import \{[^}]*\bpatientTest\b/.test(readFileSync(join(import.meta.dirname, name), 'utf8')))
for (const name of files) await import(`./${name.slice(0, -ENDING.length)}.test.ts`)
