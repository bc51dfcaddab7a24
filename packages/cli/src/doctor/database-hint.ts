import { readFileSync } from 'node:fs'
import { isObject } from '@chaosproxy/history'
import { parseManifest } from '../package-manifest.ts'

/**
 * Matches a message about a connection that a service could not open. The message comes from a response of the service,
 * or from its log.
 */
const REFUSED = /status \d+ [^;]*\b(?:ECONNREFUSED|ENOTFOUND)\b|Error: connect ECONNREFUSED/

const DATABASES: readonly (readonly [packages: readonly string[], options: string])[] = [
  [['pg', 'postgres'], '--beside pg=postgres --sql schema.sql'],
  [['ioredis', 'redis'], '--redis'],
]

/**
 * Adds to a message how to simulate the program, if its connection to a database was refused.
 *
 * @param manifest the text of package.json
 */
export function withDatabaseHint(message: string, manifest: string | undefined = ownManifest()): string {
  if (!REFUSED.test(message)) return message
  const { dependencies, scripts, main } = parseManifest(manifest)
  const options = DATABASES.find(([packages]) =>
    packages.some((name) => isObject(dependencies) && name in dependencies),
  )
  if (options === undefined) return message
  const start = isObject(scripts) ? String(scripts.start) : ''
  const program = /(?:^|\s)(?:\.\/)?([^\s/]\S*\.[cm]?[jt]s)(?=\s|$)/.exec(start)?.[1] ?? main ?? 'server.js'
  return `${message}\nThe program cannot reach its database. Start the database, or simulate the program with one in memory:\nnpx chaos simulate ./${String(program)} ${options[1]}`
}

function ownManifest(): string | undefined {
  try {
    return readFileSync('package.json', 'utf8')
  } catch {
    return undefined
  }
}
