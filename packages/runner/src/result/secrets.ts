import { isObject } from '@chaosproxy/history'

/** The final parts of the names of settings, variables and members that contain secrets. */
const ENDINGS =
  'pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|auth(?:orization)?|dsn|cookie|(?:api|access|private|signing)[_-]?key'
const SECRET = new RegExp(`(?:${ENDINGS})$`, 'i')
const NAMED = new RegExp(
  `([\\w-]*(?:${ENDINGS}))(=|:\\s*|\\s+)("[^"]*"|'[^']*'|(?:(?:Bearer|Basic)\\s+)?[^\\s"']+)`,
  'gi',
)

export const REMOVED = '(removed)'

export const isSecret = (name: string): boolean => SECRET.test(name)

/** Matches `-pSECRET`, an option of MySQL clients. A number after `-p` is a port. */
const SHORT = /(^|[\s"'])-p(?!\d+(?:$|[\s"']))(?=[^\s-])[^\s"']+/g

/** Matches `-a SECRET` of redis-cli, and `-u NAME:SECRET` of curl. */
const AFTER_SHORT = /(\s-a\s+)(?!-)[^\s"']+|(\s-(?:u|-user)[\s=]+["']?[^\s:"']+:)[^\s"']+/g

/** Matches the programs whose option `-a` is a password. */
const REDIS = /\b(?:redis|valkey|keydb)-(?:cli|benchmark)\b/

const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi

/** Matches tokens that their issuers mark by a prefix (GitHub, OpenAI, Stripe, AWS, Slack), and JSON Web Tokens. */
const MARKED = /\b(?:gh[opsur]_|github_pat_|sk-|[rs]k_live_|AKIA|xox[abops]-|eyJ)[\w.-]{8,}/g

/** Removes passwords from URLs, and the values of options and variables whose names look secret. */
export const textWithoutSecrets = (text: string): string =>
  text
    .replaceAll(SHORT, `$1-p${REMOVED}`)
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${REMOVED}@`)
    .replaceAll(MARKED, REMOVED)
    .replaceAll(BEARER, `$1 ${REMOVED}`)
    .replaceAll(AFTER_SHORT, (whole, a: string | undefined, u: string | undefined) =>
      u !== undefined ? `${u}${REMOVED}` : a !== undefined && REDIS.test(text) ? `${a}${REMOVED}` : whole,
    )
    .replaceAll(NAMED, (whole, name: string, between: string) =>
      // In `--password secret`, the word after the blank is the value of an option. In `password secret`, it is not,
      // because the name does not begin with a dash.
      between.trim() !== '' || name.startsWith('-') ? `${name}${between}${REMOVED}` : whole,
    )

/** Removes secrets from the words of a command line. */
export function wordsWithoutSecrets(words: readonly string[]): string[] {
  const isRedis = words.some((word) => REDIS.test(word))
  return words.map((word, i) => {
    const before = words[i - 1]
    if (before === '-a' && isRedis) return REMOVED
    if ((before === '-u' || before === '--user') && word.includes(':')) return word.replace(/:.*/s, `:${REMOVED}`)
    return before?.startsWith('-') && !before.includes('=') && isSecret(before) ? REMOVED : textWithoutSecrets(word)
  })
}

/** Removes the values of members whose names look secret. */
export function jsonWithoutSecrets(json: unknown): unknown {
  if (typeof json === 'string') return textWithoutSecrets(json)
  if (Array.isArray(json))
    return json.every((item) => typeof item === 'string') ? wordsWithoutSecrets(json) : json.map(jsonWithoutSecrets)
  if (typeof json !== 'object' || json === null) return typeof json === 'function' ? undefined : json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      isSecret(name) ? REMOVED : name === 'environment' ? withoutValues(value) : jsonWithoutSecrets(value),
    ]),
  )
}

/** Removes all values of environment variables, because any variable may contain a secret. */
const withoutValues = (environment: unknown): unknown =>
  isObject(environment) ? Object.fromEntries(Object.keys(environment).map((name) => [name, REMOVED])) : REMOVED

interface NamesCommands {
  readonly target: { readonly name: string; readonly traffic?: NamesClients | undefined }
  readonly require?: readonly string[] | undefined
}

interface NamesClients {
  readonly as: string
  readonly servers: readonly { readonly serve?: readonly string[] | undefined }[]
  readonly command?: readonly string[] | undefined
  readonly environment?: { readonly [name: string]: string } | undefined
}

/** Removes secrets from environment variables. Keeps the addresses of servers, which are needed to repeat the run. */
const environmentWithoutSecrets = (environment: { readonly [name: string]: string }) =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, isSecret(name) ? REMOVED : textWithoutSecrets(value)]),
  )

/** Removes secrets from the declaration of a service. */
function serviceWithoutSecrets(declaration: string): string {
  try {
    const { args, environment, ...rest } = JSON.parse(declaration)
    return JSON.stringify({
      ...rest,
      ...(args === undefined ? {} : { args: wordsWithoutSecrets(args) }),
      ...(environment === undefined ? {} : { environment: environmentWithoutSecrets(environment) }),
    })
  } catch {
    return textWithoutSecrets(declaration)
  }
}

const trafficWithoutSecrets = <Traffic extends NamesClients>(traffic: Traffic): Traffic => ({
  ...traffic,
  servers: traffic.servers.map((server) =>
    server.serve === undefined ? server : { ...server, serve: wordsWithoutSecrets(server.serve) },
  ),
  ...(traffic.command === undefined ? {} : { command: wordsWithoutSecrets(traffic.command) }),
  ...(traffic.environment === undefined ? {} : { environment: environmentWithoutSecrets(traffic.environment) }),
})

/** Returns the spec without secrets, as it is stored and shown. */
export const specWithoutSecrets = <Spec extends NamesCommands>(spec: Spec): Spec => ({
  ...spec,
  target: {
    ...spec.target,
    name: spec.target.name.replace(/exec:.*/s, textWithoutSecrets).replace(/(?<=service:)\{.*/s, serviceWithoutSecrets),
    ...(spec.target.traffic === undefined ? {} : { traffic: trafficWithoutSecrets(spec.target.traffic) }),
  },
  ...(spec.require === undefined ? {} : { require: spec.require.map(textWithoutSecrets) }),
})
