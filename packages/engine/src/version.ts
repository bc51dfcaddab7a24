import { readFileSync } from 'node:fs'

let known: string | undefined

/** Read once: it is part of every job's name. */
export function packageVersion(): string {
  known ??= read()
  return known
}

function read(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
