import { type FoundRoutes, type SourceFile, WRITE_METHODS, type WriteMethod } from './found.ts'

interface Handler {
  readonly method: string
  /** The path as in a route table, with {key} for its only parameter. */
  readonly path: string
  readonly where: string
  readonly body: string
  /** The place of the value according to the declared type of the body. */
  readonly declared?: string | undefined
  /** Whether the key must be a whole number. */
  readonly isNumbered?: boolean
}

export interface RoutesInSource {
  /** Every path with both a GET and a write, the likeliest first. */
  readonly routes: readonly FoundRoutes[]
  /** Every request found in the source, such as `POST /items`. */
  readonly seen: readonly string[]
}

/** Guesses at which paths a service stores objects. Looks only at the source of the service. */
export function routesInSource(sources: readonly SourceFile[]): RoutesInSource {
  const handlers = sources.flatMap((source) =>
    source.path.endsWith('.py')
      ? [...ofPython(source), ...ofDjango(source, sources)]
      : [...ofNode(source, mountedAt(source, sources)), ...ofNest(source)],
  )
  const found = handlers.length > 0 ? handlers : sources.flatMap(ofPlainServer)
  return {
    routes: pairsIn(found),
    seen: [...new Set(found.map(({ method, path }) => `${method} ${path}`))],
  }
}

const PLAIN_PATH = /^\/[\w./~-]*\{key\}[\w./~-]*$/

function pairsIn(handlers: readonly Handler[]): readonly FoundRoutes[] {
  const reads = handlers.filter(({ method, path }) => method === 'GET' && PLAIN_PATH.test(path))
  return WRITE_METHODS.flatMap((method) =>
    reads.flatMap((read) => {
      const write = handlers.find((each) => each.method === method && each.path === read.path)
      return write === undefined ? [] : [routesOf(read, write, method)]
    }),
  )
}

function routesOf(read: Handler, write: Handler, method: WriteMethod): FoundRoutes {
  const value = valueIn(write.body) ?? write.declared
  const result = resultIn(read.body, value)
  return {
    path: read.path,
    write: method,
    value: value ?? result,
    result: result ?? value,
    where: write.where,
    ...(write.isNumbered || read.isNumbered ? { keys: '{number}' } : {}),
  }
}

const IN_NODE =
  /\b\w+\s*\.\s*(?<method>get|put|post|patch)\s*(?:<[^>]*>)?\(\s*(?<quote>['"`])(?<path>\/[^'"`]*)\k<quote>/g

/** `route({ method: 'GET', url: '/items/:id', … })` of Fastify. */
const IN_FASTIFY =
  /\broute\(\s*\{\s*method:\s*['"`](?<method>GET|PUT|POST|PATCH)['"`]\s*,\s*url:\s*(?<quote>['"`])(?<path>\/[^'"`]*)\k<quote>/g

const ofNode = ({ path: file, text }: SourceFile, mounted: string): readonly Handler[] =>
  [IN_NODE, IN_FASTIFY].flatMap((pattern) =>
    handlersIn(file, text, pattern, (path) =>
      `${mounted}${path === '/' ? '' : path}`.replaceAll(/:(\w+)(?:\([^)]*\))?/g, '{$1}'),
    ),
  )

const IN_NEST = /@(?<method>Get|Put|Post|Patch)\(\s*(?:(?<quote>['"`])(?<path>[^'"`]*)\k<quote>)?\s*\)/g

/** The handlers of Nest controllers: `@Controller('items')`, completed by the paths of its methods. */
const ofNest = ({ path: file, text }: SourceFile): readonly Handler[] => {
  const base = /@Controller\(\s*['"`]([^'"`]*)['"`]\s*\)/.exec(text)?.[1]
  if (base === undefined) return []
  return handlersIn(file, text, IN_NEST, (path) =>
    `/${[base, path]
      .flatMap((part) => part.split('/'))
      .filter(Boolean)
      .join('/')}`.replaceAll(/:(\w+)/g, '{$1}'),
  )
}

/** Where another file mounts this one: `/items` of `app.use('/items', require('./items'))`. */
function mountedAt({ path: file }: SourceFile, sources: readonly SourceFile[]): string {
  const name = file
    .replace(/^.*\//, '')
    .replace(/\.\w+$/, '')
    .replaceAll(/\W/g, '\\$&')
  const from = `['"]\\.[^'"]*\\b${name}(?:\\.\\w+)?['"]`
  for (const { text } of sources) {
    const direct = new RegExp(`\\.use\\(\\s*['"](/[^'"]+)['"]\\s*,\\s*require\\(\\s*${from}`).exec(text)?.[1]
    if (direct !== undefined) return direct
    const imported = new RegExp(`(?:import\\s+(\\w+)\\s+from|(\\w+)\\s*=\\s*require\\()\\s*${from}`).exec(text)
    const router = imported?.[1] ?? imported?.[2]
    if (router === undefined) continue
    const used =
      new RegExp(`\\.use\\(\\s*['"](/[^'"]+)['"]\\s*,\\s*${router}\\b`).exec(text)?.[1] ??
      new RegExp(`\\.register\\(\\s*${router}\\s*,\\s*\\{[^}]*prefix:\\s*['"](/[^'"]+)['"]`).exec(text)?.[1]
    if (used !== undefined) return used
  }
  return ''
}

const IN_PYTHON =
  /@\w+(?:\.\w+)*\.(?<method>get|put|post|patch|route)\(\s*(?<quote>['"])(?<path>\/[^'"]*)\k<quote>(?<rest>[^)]*)/g

const ofPython = ({ path: file, text }: SourceFile): readonly Handler[] =>
  handlersIn(file, text, IN_PYTHON, (path) =>
    path.replaceAll(/<(?:(?:string|path|default|int):)?(\w+)>/g, '{$1}').replaceAll(/\{(\w+):\w+\}/g, '{$1}'),
  )

const IN_URLS = /\bpath\(\s*['"](?<path>[^'"]*<[^'"]*)['"]\s*,\s*(?:\w+\.)*(?<view>\w+)/g

/** The handlers of Django's urls. The source of each view shows its methods. */
const ofDjango = ({ path: file, text }: SourceFile, sources: readonly SourceFile[]): readonly Handler[] =>
  Array.from(text.matchAll(IN_URLS)).flatMap(({ groups: { path = '', view = '' } = {}, index }) => {
    const body = sources.flatMap(
      (each) => new RegExp(`^def ${view}\\((?:.*\\n)+?(?=\\S|$(?![^]))`, 'm').exec(each.text) ?? [],
    )[0]
    if (body === undefined) return []
    return ['GET', ...WRITE_METHODS.filter((method) => new RegExp(`['"]${method}['"]`).test(body))].map((method) => ({
      ...{ method, body, path: withKey(`/${path.replaceAll(/<(?:\w+:)?(\w+)>/g, '{$1}')}`) },
      where: `${file}:${text.slice(0, index).split('\n').length}`,
      isNumbered: path.includes('<int:'),
    }))
  })

function handlersIn(
  file: string,
  text: string,
  pattern: RegExp,
  templateOf: (path: string) => string,
): readonly Handler[] {
  const matches = [...text.matchAll(pattern)]
  return matches.flatMap((match, i) => {
    const { method = '', path = '', rest = '' } = match.groups ?? {}
    const body = text.slice(match.index + match[0].length, matches[i + 1]?.index)
    const declared = declaredIn(body, text)
    return methodsOf(method, rest).map((each) => ({
      method: each,
      path: withKey(templateOf(path)),
      where: `${file}:${text.slice(0, match.index).split('\n').length}`,
      body,
      declared,
      isNumbered: takesNumbers(path, body),
    }))
  })
}

/**
 * Matches keys that are numbers: `<int:id>` of Flask, `id: int` of FastAPI, `ParseIntPipe` of Nest, `:id(\\d+)` of
 * Express.
 */
function takesNumbers(path: string, body: string): boolean {
  const name = /[:{<](\w+)[>}(]?/.exec(path.replace('int:', ''))?.[1] ?? ''
  return /<int:|\(\\+d\+\)/.test(path) || new RegExp(`\\b${name}\\s*:\\s*int\\b|'${name}',\\s*ParseIntPipe`).test(body)
}

/**
 * Returns `json.price` if a handler takes `item: Item`, and `price` is the only required member of the class `Item`.
 */
function declaredIn(body: string, text: string): string | undefined {
  for (const [, name = '', members = ''] of text.matchAll(MODELS)) {
    if (!new RegExp(`:\\s*${name}\\b`).test(body)) continue
    const [first, ...others] = Array.from(
      members.matchAll(/^\s+(\w+)\s*!?:(?!.*(?:=|\bNone\b))/gm),
      ([, member = '']) => member,
    )
    if (first !== undefined && others.length === 0) return `json.${first}`
  }
  return undefined
}

const MODELS = /^[ \t]*(?:export\s+)?class\s+(\w+)(?:\([^)]*BaseModel\s*\):|\s*\{)\n((?:[ \t]+[^\n]*\n|\n)+)/gm

/** Returns the methods of a handler: GET and PUT for `@app.route('/x', methods=['GET', 'PUT'])`. */
function methodsOf(method: string, rest: string): readonly string[] {
  if (method !== 'route') return [method.toUpperCase()]
  const listed = /methods\s*=\s*[[({]([^\])}]*)/.exec(rest)?.[1]
  return listed === undefined ? ['GET'] : Array.from(listed.matchAll(/\w+/g), ([each]) => each.toUpperCase())
}

const withKey = (path: string): string =>
  path.match(/\{\w+\}/g)?.length === 1 ? path.replace(/\{\w+\}/, '{key}') : path

/**
 * Matches a path in one of three forms: a string, `'/items/'`; a regular expression, `/^\/items\/([^/]+)$/`; or a
 * compared segment, `parts[1] === 'items'`.
 */
const IN_PLAIN =
  /(?<quote>['"`])(?<path>\/\w[\w/-]*\/)(?:\k<quote>|\$\{)|\/\^(?<pattern>(?:\\\/[\w-]+)+\\\/)\(|\[[01]\]\s*[!=]==?\s*(?<mark>['"`])(?<part>\w[\w-]*)\k<mark>/
const OF_FILES = /^\/(?:usr|etc|tmp|var|bin|opt|home|proc|dev)\//

/** The handlers of a server without a framework, found by texts in its source. */
function ofPlainServer({ path: file, text }: SourceFile): readonly Handler[] {
  const match = IN_PLAIN.exec(text)
  const { path: whole, pattern, part } = match?.groups ?? {}
  const path = whole ?? pattern?.replaceAll('\\', '') ?? (part === undefined ? undefined : `/${part}/`)
  if (match === null || path === undefined || OF_FILES.test(path)) return []
  const begins = WRITE_METHODS.flatMap((method) => beginOf(method, text))
  if (begins.length === 0) return []
  const reads = beginOf('GET', text)
  const all = [...(reads.length === 0 ? [{ method: 'GET', at: 0 }] : reads), ...begins]
  return all.map(({ method, at }) => ({
    method,
    path: `${path}{key}`,
    where: `${file}:${text.slice(0, match.index).split('\n').length}`,
    body: text.slice(at, Math.min(...all.map((other) => (other.at > at ? other.at : text.length)))),
  }))
}

/** Where a method is handled: `do_PUT` in Python, a comparison with 'PUT' elsewhere. */
function beginOf(method: string, text: string): readonly { readonly method: string; readonly at: number }[] {
  const at = new RegExp(`\\bdo_${method}\\b|['"\`]${method}['"\`]`).exec(text)?.index
  return at === undefined ? [] : [{ method, at }]
}

function valueIn(body: string): string | undefined {
  const member = firstOf(body, [
    /\b(?:req|request)\.body\.(\w+)/,
    /\{\s*(\w+)[^{}]*\}\s*=\s*(?:await\s+)?(?:\w+\.)*(?:body|json\(\)|req\.json\(\)|parse\([^)]*\))/,
    /\bJSON\.parse\([^)]*\)\.(\w+)/,
    /\b(?:json|get_json\(\)|loads\([^\n]*?\)|data|body|payload)\s*(?:\[\s*|\.get\(\s*)['"](\w+)['"]/,
    /\b(?:item|body|payload|data|dto)\.(\w+)/,
    /@Body\(\s*['"`](\w+)['"`]\s*\)/,
  ])
  return member === undefined ? undefined : `json.${member}`
}

/** The members of a response's JSON: those of an object, or the named arguments of `jsonify`. */
const RESPONSES =
  /(?:\.(?:json|send)|\bjsonify|\bJsonResponse|\bdumps|\bstringify)\(\s*\{([^}]*)|\bjsonify\(([^)]*=[^)]*)|\breturn\s*\{([^}]*)/g
const MEMBERS = /(?:^|,)\s*['"]?(\w+)['"]?\s*(?=[:=,]|$)/g
/** The names of response members that do not hold the value, such as `error` in `{ error: 'not found' }`. */
const REFUSES = /^(?:error|message|detail|status|ok|success)$/

/** Guesses where a response's JSON contains the value. Prefers the member that holds the value in requests. */
function resultIn(body: string, value: string | undefined): string | undefined {
  const members = Array.from(body.matchAll(RESPONSES), ([, ...parts]) => parts.join('')).flatMap((text) =>
    Array.from(text.matchAll(MEMBERS), ([, member = '']) => `json.${member}`),
  )
  if (value !== undefined && members.includes(value)) return value
  return members.find((member) => !REFUSES.test(member.slice('json.'.length)))
}

function firstOf(body: string, patterns: readonly RegExp[]): string | undefined {
  for (const pattern of patterns) {
    const member = pattern.exec(body)?.[1]
    if (member !== undefined) return member
  }
  return undefined
}
