import { type Millis, UserError } from '@chaosproxy/history'
import {
  type CodeWatch,
  createServiceCluster,
  declaredService,
  distrustPackages,
  keepsSomePackages,
  loadService,
  type Service,
  type ServiceDeclaration,
  serviceReference,
  type TurnWatch,
  USUAL_NODES,
} from '@chaosproxy/node-simulator'
import { requireRequests } from '@chaosproxy/recorder/routes'
import { type AskedOperations, askedOf } from '@chaosproxy/runner'
import {
  type SearchedProtocol,
  type Shortcut,
  type Strategy,
  type TrialLimits,
  unrepeatableSeed,
} from '@chaosproxy/simulator'
import type { Settings, Workload } from '@chaosproxy/workloads'

/** Loads a service that a caller declares. @throws UserError (usage, input) */
export async function loadDeclared(
  declaration: ServiceDeclaration,
): Promise<{ readonly service: Service; readonly target: string; readonly nodes: number }> {
  const spec = declaredService(declaration, { where: 'the service', directory: '.' })
  const service = await loadService(spec)
  return { service, target: serviceReference(spec), nodes: declaration.nodes ?? USUAL_NODES }
}

/** Who is told of what programs do. */
export interface ServiceWatch {
  readonly turns?: TurnWatch | undefined
  /** Of a service that was loaded with probes. */
  readonly code?: CodeWatch | undefined
  /** Where no other thread watches: the real time after which a run is ended that does not come back from a program. */
  readonly longestMs?: Millis | undefined
}

/**
 * What starts clusters of a service: by the shortcut with its installed packages as an earlier run loaded them.
 *
 * @throws UserError (input) if the routes are about one object, and clients would use several.
 */
export function startsOf(
  service: Service,
  { workload, settings }: { readonly workload: Workload; readonly settings: Settings },
  watch: ServiceWatch = {},
): { readonly start: NonNullable<SearchedProtocol['start']>; readonly shortcut: Shortcut | undefined } {
  // A search draws the number of keys unless it is said.
  const { functions, before } = askedOf(workload, { keys: 2, ...settings })
  const isOfOne = isAboutOneObject(service, { functions, before })
  const { initial } = workload
  const startWith =
    (keepsPackages: boolean): NonNullable<SearchedProtocol['start']> =>
    (options) =>
      createServiceCluster(service, { ...options, ...watch, initial, functions, isOfOne, keepsPackages })
  const shortcut = { start: startWith(true), distrust: () => distrustPackages(service) }
  return { start: startWith(false), shortcut: keepsSomePackages(service) ? shortcut : undefined }
}

function isAboutOneObject(
  { clients }: Service,
  { functions, before }: Pick<AskedOperations, 'functions' | 'before'>,
): boolean {
  if (clients.type === 'module') return false
  const { maker, file } = clients
  return requireRequests(maker, { functions: functions.filter((f) => maker.functions.includes(f)), before }, file)
}

/** How many seeds show whether a program's runs are repeatable. */
const SELF_CHECKED = 10

/** @throws UserError (input) for a program whose runs depend on more than their seeds. */
export function requireRepeatable(
  subject: SearchedProtocol,
  {
    first,
    count,
    strategies,
    limits,
    stopped,
    share,
  }: {
    readonly first: number
    readonly count: number
    readonly strategies: readonly Strategy[]
    readonly limits: TrialLimits
    /** Whether to leave the rest unchecked. */
    readonly stopped?: (() => boolean) | undefined
    /** The share of the time for checking that has passed. */
    readonly share?: (() => number) | undefined
  },
): void {
  const different = unrepeatableSeed(subject, {
    ...{ first, strategies, limits, stopped, share },
    count: Math.min(SELF_CHECKED, count),
  })
  if (different === undefined) return
  const { name } = subject.protocol
  throw new UserError(
    'input',
    `${name} cannot be simulated: its runs are not repeatable (${different}). It keeps something from one run to the next, such as a property of a built-in object, or uses something real. Find it with console.log and chaos replay.`,
  )
}
