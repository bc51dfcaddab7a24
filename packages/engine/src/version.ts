import { readFileSync } from 'node:fs'

let known: string | undefined

/** Returns the package's version. Read once, because every job's name contains it. */
export function packageVersion(): string {
  known ??= read()
  return known
}

function read(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
