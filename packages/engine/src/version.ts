import { readFileSync } from 'node:fs'

let known: string | undefined

/** Returns the package's version. It is read once, since it is part of every job's name. */
export function packageVersion(): string {
  known ??= read()
  return known
}

function read(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
