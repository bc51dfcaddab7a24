import { plural } from '@chaosproxy/history'
import type { FoundProgram } from './found.ts'
import type { FolderSurvey } from './survey.ts'
import { type ServedPlace, type Start, USUAL_PLACE } from './template.ts'

export interface Proposal {
  readonly start: Start
  readonly found: readonly (readonly [where: string, what: string])[]
  /** The members of the configuration, described for people. */
  readonly descriptions: readonly (readonly [member: string, text: string])[]
  readonly open: readonly string[]
  /** Whether a run can use the configuration without any change. */
  readonly isReady: boolean
  /** Whether the routes are a guess without evidence. */
  readonly hasGuessedRoutes: boolean
}

/**
 * What a user typed about the object's path, the place of its value, and the number of nodes. Each typed member takes
 * precedence over what the survey of the folder found.
 */
export interface TypedPlace {
  readonly path: string | undefined
  readonly value: string | undefined
  readonly nodes: number | undefined
}

/**
 * Returns the proposal for a folder. Undefined if the folder does not seem to contain a service.
 *
 * @param routes the index in `survey.source.routes` of the pair of routes (read and write) to propose
 */
export function proposalOf(survey: FolderSurvey, typed: TypedPlace, routes = 0): Proposal | undefined {
  const { program, listening, source } = survey
  const running = listening.find(
    ({ port }) => program === undefined || (program.port.by === 'source' && program.port.port === port),
  )
  if (program === undefined && running === undefined) return undefined
  const found = source.routes[routes]
  const path = typed.path ?? found?.path ?? USUAL_PLACE.path
  const place: ServedPlace = {
    path,
    write: (path === found?.path ? found.write : undefined) ?? 'PUT',
    value: typed.value ?? found?.value ?? USUAL_PLACE.value,
    result: typed.value ?? found?.result ?? found?.value ?? USUAL_PLACE.value,
    keys: path === found?.path ? found.keys : undefined,
  }
  const target: Start['target'] =
    running === undefined && program !== undefined
      ? { command: program.command, environment: program.environment }
      : { address: `127.0.0.1:${running?.port}` }
  const nodes = typed.nodes ?? 1
  return {
    start: { target, nodes, place },
    found: [
      ...(program === undefined ? [] : foundProgram(program)),
      ...(running === undefined
        ? []
        : [[`port ${running.port}`, `${running.command} listens (process ${running.pid})`] as const]),
      ...(found === undefined ? [] : [[found.where, `GET and ${found.write} ${found.path}`] as const]),
    ],
    descriptions: [
      'command' in target
        ? ['starts', `${commandLine(target)}; ${plural(nodes, 'node')}`]
        : ['uses', `what listens at 127.0.0.1:${running?.port}`],
      ...describePlace(place),
    ],
    open: [...(running === undefined && program !== undefined ? openOf(program) : []), ...openRoutes(survey, typed)],
    isReady: running !== undefined || program?.port.by !== 'source',
    hasGuessedRoutes: found === undefined && typed.path === undefined,
  }
}

export const describePlace = ({ path, write, value, result }: ServedPlace): Proposal['descriptions'] => [
  ['reads', `GET ${path}, the value at ${result}`],
  ['writes', `${write} ${path}, the value at ${value}`],
]

function commandLine({
  command,
  environment,
}: {
  readonly command: string
  readonly environment?: { readonly [name: string]: string } | undefined
}): string {
  return [...Object.entries(environment ?? {}).map(([name, value]) => `${name}=${value}`), command].join(' ')
}

function foundProgram({ where, kind, command, port, entry, missing }: FoundProgram): Proposal['found'] {
  if (missing !== undefined)
    return [
      [where, `${kind}, started by ${command}`],
      [missing, 'does not exist'],
    ]
  const reads =
    port.by === 'variable'
      ? `reads its port from ${port.name}`
      : port.by === 'source'
        ? `always listens on ${port.port}`
        : undefined
  return [
    [where, `${kind}, started by ${command}`],
    ...(reads === undefined ? [] : [[port.by === 'source' ? port.where : entry || where, reads] as const]),
  ]
}

function openOf({ where, port, entry, missing }: FoundProgram): readonly string[] {
  if (missing !== undefined)
    return [`${where} starts ${missing}, but there is no such file. Correct the start script, or build the file.`]
  switch (port.by) {
    case 'source':
      return [
        `${port.where} always listens on ${port.port}, and each node needs a port of its own: ${readsPort(port.where, port.port)}. Or start it yourself and run chaos init again, which then uses the running service.`,
      ]
    case 'unknown':
      return [
        `${entry === '' ? 'The source' : entry} does not show where the program gets its port from. The configuration sets the variable PORT. If the program takes its port as an argument, write {port} into the command.`,
      ]
    case 'variable':
    case 'command':
      return []
    default:
      return port satisfies never
  }
}

const readsPort = (file: string, port: number): string =>
  file.endsWith('.py')
    ? `write int(os.environ.get('PORT', ${port})) in its place`
    : `write Number(process.env.PORT ?? ${port}) in its place`

function openRoutes(
  {
    source: {
      routes: [routes],
      seen,
    },
  }: FolderSurvey,
  typed: TypedPlace,
): readonly string[] {
  const again = 'npx chaos init --force --path /orders/{key} --value json.state'
  if (typed.path !== undefined) return []
  if (routes === undefined)
    return [
      `${seen.length === 0 ? 'No route was found' : `None of the routes (${seen.slice(0, 6).join(', ')}) reads and writes one object by its path`}. ${USUAL_PLACE.path} is only an example; give the real path: ${again}`,
      ...(seen.some((each) => each.startsWith('POST '))
        ? ['If the service names its objects itself, record your own client or test instead: npx chaos record --help']
        : []),
    ]
  if (routes.value === undefined && typed.value === undefined)
    return [
      `The place of the value in a body was not found. ${USUAL_PLACE.value} is a guess; name the place: ${again.replace('/orders/{key}', routes.path).replace('json.state', 'json.NAME')}`,
    ]
  return []
}
