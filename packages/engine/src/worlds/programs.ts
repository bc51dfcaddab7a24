import { resolve } from 'node:path'
import { createRandom, type FaultKind } from '@chaosproxy/faults'
import { type Event, inputError, millis, usageError } from '@chaosproxy/history'
import {
  type AwaitedSql,
  awaitsOf,
  besidesOf,
  type CodeStep,
  type CodeWatch,
  createServiceCluster,
  type DatabaseStory,
  distrustPackages,
  hasAssertions,
  keepsSomePackages,
  loadService,
  nodesFor,
  outlineOf,
  outsidePromises,
  type Probing,
  requireQuiet,
  requireSupported,
  type Service,
  type Site,
  serviceFaultSupport,
  type TurnWatch,
  usualServiceFaults,
} from '@chaosproxy/node-simulator'
import { beginningIn, requireRequests } from '@chaosproxy/recorder/routes'
import type { CodeRun } from '@chaosproxy/report'
import {
  type DeclaredBeginning,
  type PlannedRun,
  planRun,
  protocolTarget,
  type RequestedOperations,
  type RunOutcome,
  requestedOperations,
  runOptionsOf,
  type Target,
} from '@chaosproxy/runner'
import { beginningAs } from '@chaosproxy/runner/beginning'
import {
  beginSimulation,
  digestOf,
  runScenario,
  type SearchedProtocol,
  type Shortcut,
  type SimulatedCluster,
} from '@chaosproxy/simulator'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { workloadOf } from '@chaosproxy/targets/named'
import { mustStop } from '@chaosproxy/targets/watchdog'
import { type Settings, settingsFor, type Workload } from '@chaosproxy/workloads'
import {
  declaredService,
  isServiceDeclaration,
  parseServiceReference,
  serviceName,
  serviceReference,
  USUAL_NODES,
} from '../references/services.ts'
import { codeSteps, relativeFile, sourcesOf, withSql } from './code-run.ts'
import { limitsFor } from './play.ts'
import type { Simulated } from './simulated-run.ts'
import { isStop, type Stops } from './stops.ts'
import { watchedTurns } from './watched-protocol.ts'
import type { Followed, Loaded, VirtualWorld, Watching } from './world.ts'

export const programs: VirtualWorld = {
  target: async (reference) => simulatedServiceTarget(await serviceNamed(reference.slice(SIMULATED.length))),
  player: ({ simulated }) => simulated,
  outline: async (reference) => outlineOf(parseServiceReference(reference)),
  async load(reference, watching = {}) {
    const service = await serviceNamed(reference, watching.stops && probingFor(watching.stops))
    return loadedAs(service, () => serviceNamed(reference, 'lines'), watching)
  },
  async given(value) {
    if (!isServiceDeclaration(value)) throw new TypeError('the value is not a service: it has no "entry"')
    const spec = declaredService(value, { where: 'the service', directory: '.' })
    const service = await loadService(spec)
    const loaded = loadedAs(service, () => loadService(spec, 'lines'), { longestMs: LONGEST_MS })
    return { ...loaded, target: serviceReference(spec), usualNodes: value.nodes ?? USUAL_NODES }
  },
  async run({ spec }, progress) {
    const service = await serviceNamed(spec.target.name.slice(SIMULATED.length))
    const target = async () => simulatedServiceTarget(service)
    const run = await planRun(spec, { workload: workloadOf, target }, spec.target.name)
    const simulated = await simulateService(service, run, {
      turns: watchedTurns(progress),
      isInterrupted: () => mustStop(progress),
    })
    await requireQuiet(serviceName(service.spec))
    return simulated
  },
  requireFaultSupport: (faults, option, { nodesFor = () => undefined }) => requireSupported(faults, option, nodesFor),
  get usualFaults() {
    return usualServiceFaults()
  },
}

/**
 * The time limit of a call on this thread. Nothing else watches this thread. A call normally takes a fraction of a
 * second.
 */
const LONGEST_MS = millis(10_000)

const services = new Map<string, Promise<Service>>()

/**
 * Returns a service. Bundles its programs once.
 *
 * @throws UserError (input) for a program that cannot be read.
 */
function serviceNamed(reference: string, probing?: Probing): Promise<Service> {
  const name = `${JSON.stringify(probing)} ${reference}`
  const loading = services.get(name) ?? loadService(parseServiceReference(reference), probing)
  services.set(name, loading)
  return loading
}

function loadedAs(service: Service, probed: () => Promise<Service>, watching: Watching): Loaded {
  const { definition: protocol } = service
  const { progress, longestMs, stops, unsupportedSql } = watching
  const hit = (kind: FaultKind) => nodesFor(kind, service.spec)
  const watch: ServiceWatch = {
    turns: progress && watchedTurns(progress),
    longestMs,
    unsupportedSql,
    code: stops && stoppedAt(stops, service.program.sites),
  }
  return {
    protocol,
    asserts: hasAssertions(service),
    nodesFor: hit,
    subject(chosen) {
      requireExpressible(service, chosen)
      const searched: SearchedProtocol = {
        ...chosen,
        workload: beginningAs(chosen.workload, beginningOf(service)),
        ...startsOf(service, chosen, watch),
        besides: besidesOf(service),
        nodesFor: hit,
        awaits: awaitsOf(service),
        asserts: hasAssertions(service),
      }
      return {
        ...searched,
        perform: outsidePromises,
        settle: () => requireQuiet(protocol.name),
        follow: async (followed) => followedCode(await probed(), searched, followed, watch),
      }
    },
  }
}

const probingFor = ({ lines }: Stops): Probing =>
  lines === undefined ? 'functions' : lines.map(({ file, line }) => ({ file: resolve(file), line }))

const stoppedAt =
  ({ at }: Stops, sites: readonly Site[]): CodeWatch =>
  ({ type, site: number, request }) => {
    const site = sites[number]
    if (site === undefined || !isStop({ type })) return false
    return at(request, { file: relativeFile(site.file), line: site.line })
  }

interface ServiceWatch {
  readonly turns?: TurnWatch | undefined
  /** Called for each step of code that runs for clients. Requires a service with probes. */
  readonly code?: CodeWatch | undefined
  readonly sql?: ((awaited: readonly AwaitedSql[]) => void) | undefined
  readonly story?: ((databaseStory: DatabaseStory) => void) | undefined
  readonly longestMs?: Watching['longestMs']
  readonly unsupportedSql?: Watching['unsupportedSql']
}

interface Chosen {
  readonly workload: Workload
  readonly settings: Settings
}

/**
 * Assumes two keys if the settings do not give the number, because the search draws it later. The requested operations
 * depend only on whether there is more than one key.
 */
const requestedFrom = ({ workload, settings }: Chosen): RequestedOperations =>
  requestedOperations(workload, { keys: 2, ...settings })

/**
 * Returns the functions that start clusters of a service. `shortcut` starts them with packages that an earlier run
 * loaded.
 *
 * @throws UserError (input) if the routes concern a single object, but clients would use several objects.
 */
function startsOf(
  service: Service,
  chosen: Chosen,
  watch: ServiceWatch = {},
): { readonly start: NonNullable<SearchedProtocol['start']>; readonly shortcut: Shortcut | undefined } {
  const { functions, before } = requestedFrom(chosen)
  const isOfOne = isAboutOneObject(service, { functions, before })
  const startWith =
    (keepsPackages: boolean): NonNullable<SearchedProtocol['start']> =>
    (options) =>
      createServiceCluster(service, { ...options, ...watch, functions, isOfOne, keepsPackages })
  const shortcut = { start: startWith(true), distrust: () => distrustPackages(service) }
  return { start: startWith(false), shortcut: keepsSomePackages(service) ? shortcut : undefined }
}

/** The number of planned operations for which requests are tried. */
const MOST_TRIED = 200

/**
 * Requires that the route table can express the requests of the workload's clients. Otherwise a search would spend its
 * time on clients that send nothing. Operations that need earlier answers are not tried.
 *
 * @throws UserError (input) if the table can express no request of some function. The message gives the reason.
 */
function requireExpressible(service: Service, { workload, settings }: Chosen): void {
  const { clients } = service
  if (clients.type === 'module' || workload.follow !== undefined) return
  const { maker } = clients
  const isOfOne = isAboutOneObject(service, requestedFrom({ workload, settings }))
  const asker = { session: 'nobody', requestId: '0', final: false }
  const client = workload.create(settingsFor(workload, settings), 0).client(createRandom('table'), 0)
  const made = new Set<string>()
  const troubles = new Map<string, string>()
  for (let n = 0; n < MOST_TRIED; n++) {
    const { f, key, value } = client.next()
    // Skips functions that the route table lacks, and functions whose values contain versions. Other checks refuse
    // these functions with more advice.
    if (made.has(f) || !maker.functions.includes(f) || maker.speaksVersions(f)) continue
    const tried = maker.make(key === undefined || isOfOne ? { f, value } : { f, key, value }, asker)
    if (tried.type === 'made') made.add(f)
    else if (!troubles.has(f)) troubles.set(f, tried.why)
  }
  for (const [f, why] of troubles)
    if (!made.has(f))
      throw inputError(`${why}. Clients of the workload ${workload.name} send such operations: correct the table.`)
}

function isAboutOneObject(
  { clients }: Service,
  { functions, before }: Pick<RequestedOperations, 'functions' | 'before'>,
): boolean {
  if (clients.type === 'module') return false
  const { maker, file } = clients
  return requireRequests(maker, { functions: functions.filter((f) => maker.functions.includes(f)), before }, file)
}

/** The maximum number of steps of a program that are recorded. A minimised failure has fewer steps. */
const MOST_STEPS = 50_000

/**
 * Plays a scenario again with probes, and returns the lines that ran for clients. Undefined if this changes the
 * history.
 */
async function followedCode(
  service: Service,
  subject: SearchedProtocol,
  { scenario, invariants, events }: Followed,
  { turns }: ServiceWatch,
): Promise<CodeRun | undefined> {
  const steps: CodeStep[] = []
  const code = (step: CodeStep) => {
    if (steps.length < MOST_STEPS) steps.push(step)
    return false
  }
  const awaited: AwaitedSql[] = []
  const sql = (statements: readonly AwaitedSql[]) => void awaited.push(...statements)
  const stories: DatabaseStory[] = []
  const story = (databaseStory: DatabaseStory) => void stories.push(databaseStory)
  const probed = { ...subject, ...startsOf(service, subject, { turns, code, sql, story }) }
  const trial = await outsidePromises(() => runScenario(probed, scenario, limitsFor(invariants)))
  if (digestOf(trial.events) !== digestOf(events)) return undefined
  const sited = { sites: service.program.sites, startedAt: trial.startedAt }
  const ran = withSql(codeSteps(steps, sited), awaited, sited)
  return { steps: ran, sources: sourcesOf(sited), database: databaseOf(service, stories) }
}

/**
 * Returns the hosts of a service's databases, and how requests affected each other in them. Returns undefined if the
 * nodes may have separate data.
 */
function databaseOf({ spec }: Service, stories: readonly DatabaseStory[]): CodeRun['database'] {
  const { postgres = {}, redis } = spec
  const hosts = [...Object.keys(postgres), ...(redis === undefined ? [] : ['redis'])]
  const hasCopies = Object.values(postgres).some(({ standby }) => standby === true)
  return hosts.length === 0 || hasCopies ? undefined : { hosts, stories }
}

const beginningOf = ({ clients, spec }: Service): DeclaredBeginning =>
  (clients.type === 'routes' ? beginningIn(clients.table, clients.file) : undefined) ?? {
    initial: undefined,
    where: serviceName(spec),
  }

function simulatedServiceTarget(service: Service): Target {
  const { spec, definition } = service
  const { summary, bugs, marks, functions, promises } = protocolTarget(definition)
  const name = serviceName(spec)
  return {
    ...{ summary, bugs, marks, functions, promises, settings: [] },
    name: `${SIMULATED}${name}`,
    defaultNodes: spec.nodes ?? USUAL_NODES,
    tier: 'simulated',
    mapping: 'routes',
    begins: beginningOf(service),
    supports: serviceFaultSupport,
    async start() {
      throw usageError(
        `${name}: this command runs a service only as processes. Use chaos run --sim or chaos simulate to run it in virtual time.`,
      )
    },
  }
}

/** The number of events between two checks for an interrupt. */
const EVENTS_AT_A_TIME = 2_000

/**
 * Performs a whole run of a service. The run is synchronous, because the programs occupy this process.
 *
 * @throws UserError (input) for a program that cannot be simulated, or never listens.
 */
function simulateService(
  service: Service,
  run: PlannedRun,
  { turns, isInterrupted }: { readonly turns: TurnWatch; readonly isInterrupted: () => boolean },
): Promise<Simulated> {
  const { spec, workload, workloadSettings: settings } = run
  const events: Event[] = []
  const sink = { append: (event: Event) => void events.push(event) }
  return outsidePromises(() => {
    const { start } = startsOf(service, { workload, settings }, { turns })
    const cluster = start({ nodes: spec.nodes, seed: spec.seed, targetSettings: {} })
    try {
      const simulation = beginSimulation(cluster, runOptionsOf(run, sink))
      let interrupted = false
      for (;;) {
        const ended = simulation.advance(EVENTS_AT_A_TIME)
        if (ended?.type === 'ended') return { events, outcome: withDeaths(ended.outcome, cluster) }
        if (ended !== undefined)
          return {
            events,
            failure: `${serviceName(service.spec)}: the simulation was stopped (${ended.reason}) before the run had ended.`,
          }
        if (interrupted || !isInterrupted()) continue
        interrupted = true
        simulation.handle.interrupt()
      }
    } finally {
      cluster.close?.()
    }
  })
}

/**
 * Adds an entry to the run's problems: for the first failed assertion or, if no assertion failed, for the first program
 * that ended by itself although its service does not permit it (`mayEnd`).
 */
function withDeaths(outcome: RunOutcome, cluster: SimulatedCluster): RunOutcome {
  const broken = cluster.broken?.()
  if (broken === undefined) return outcome
  return { ...outcome, trouble: [...outcome.trouble, `${broken.node}: ${broken.what} (${broken.name})`] }
}
