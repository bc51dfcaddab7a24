import { environmentError, errorText, usageError } from '@chaosproxy/history'
import * as v from 'valibot'
import { jobName } from '../jobs/job-name.ts'
import { connectQueue } from '../queue/connect.ts'
import { count } from '../queue/numbers.ts'
import { pack } from '../queue/parcel.ts'
import { userFilesOf } from '../references/user-files.ts'
import { packageVersion } from '../version.ts'
import type { SearchState } from './in-parallel.ts'
import { milliseconds, requireKnown, requireSame, searchResult, subject, trialChoice } from './queue-kinds.ts'
import type { SearchSpec } from './spec.ts'

// Redis stores a named search, so that it survives the process that began it. The search never expires; its jobs expire
// after a week.

const CAMPAIGNS = 'chaos:campaigns'
/** The state can have megabytes of findings, so it is written at intervals. */
const WRITE_EVERY_MS = 2_000

export type CampaignSpec = Omit<SearchSpec, 'workers' | 'out' | 'shrinkMs'>

/** A search that is kept under a name. */
export interface Campaign {
  readonly name: string
  readonly spec: CampaignSpec
  /** Identifies all that the jobs depend on: the spec, this version and the user's files. */
  readonly digest: string
  readonly version: string
  readonly seenAt: number
  readonly isOver: boolean
  readonly state?: SearchState | undefined
}

const searchedRanges = v.strictObject({ next: count, beyond: v.array(count) })

const searchState: v.GenericSchema<unknown, SearchState> = v.strictObject({
  tally: v.strictObject({
    sum: searchResult,
    times: v.array(v.strictTuple([v.string(), count])),
    lost: v.array(v.string()),
  }),
  ranges: searchedRanges,
  elapsedMs: milliseconds,
})

const campaignSpec: v.GenericSchema<unknown, CampaignSpec> = v.strictObject({
  subject,
  name: v.string(),
  firstSeed: count,
  limit: v.union([v.strictObject({ seeds: count }), v.strictObject({ timeMs: milliseconds })]),
  ...trialChoice,
  guide: v.boolean(),
  keepGoing: v.boolean(),
})

const campaign = v.pipe(
  v.strictObject({
    spec: campaignSpec,
    digest: v.string(),
    version: v.string(),
    seenAt: count,
    isOver: v.boolean(),
    state: v.optional(searchState),
  }),
  v.check(({ spec, state }) => {
    for (const { scenario } of state?.tally.sum.findings ?? []) requireSame(spec.subject, scenario)
    return true
  }, 'it concerns another subject'),
)

interface CampaignStore {
  /** @throws UserError (environment) if the stored data is not a campaign. */
  find(name: string): Promise<Campaign | undefined>
  list(): Promise<readonly Campaign[]>
  keep(kept: Campaign): Promise<unknown>
  close(): void
}

/** @throws UserError as `connectQueue` does. */
async function openCampaigns(address: string): Promise<CampaignStore> {
  const { connect, place } = await connectQueue(address)
  const client = connect()
  const read = (name: string, text: string): Campaign => {
    try {
      return { name, ...v.parse(campaign, JSON.parse(text)) }
    } catch (error) {
      const why = errorText(error)
      throw environmentError(
        `this version of chaos cannot read the campaign ${JSON.stringify(name)} at ${place}: ${why}. Give --campaign another name.`,
      )
    }
  }
  return {
    async find(name) {
      const text = await client.hget(CAMPAIGNS, name)
      return text === null ? undefined : read(name, text)
    },
    async list() {
      const all = Object.entries(await client.hgetall(CAMPAIGNS))
      return all.sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, text]) => read(name, text))
    },
    keep: ({ name, ...kept }) => client.hset(CAMPAIGNS, name, JSON.stringify(kept)),
    close: () => client.disconnect(),
  }
}

/** Returns a search in a form that is valid on any machine, with portable paths of users' files. */
function travelling({ workers: _, out: __, shrinkMs: ___, ...search }: SearchSpec): Pick<Campaign, 'spec' | 'digest'> {
  const own = userFilesOf(search.subject.target, search.subject.workload)
  const parcel = own.length === 0 ? undefined : pack(own)
  const spec = parcel?.send(search) ?? search
  return { spec, digest: jobName<object>({ kind: 'campaign', reads: () => [] }, { spec, files: parcel?.files }) }
}

export interface Continued {
  /** The earlier results of a continued search. */
  readonly before: SearchState | undefined
  readonly isOver: boolean
  /** Reports progress, which is stored at intervals. */
  reached(state: () => SearchState): void
  end(isOver: boolean): Promise<void>
  close(): void
}

/**
 * Begins a search under a name, or continues it.
 *
 * @throws UserError (usage) if the name belongs to another search.
 */
export async function continueCampaign(address: string, name: string, search: SearchSpec): Promise<Continued> {
  const store = await openCampaigns(address)
  const { spec, digest } = travelling(search)
  const kept = await store.find(name)
  if (kept !== undefined && kept.digest !== digest) {
    store.close()
    throw usageError(`--campaign ${name}: ${whyAnother(kept)} Choose another name for the new search.`)
  }
  let last = kept?.state
  let latest: (() => SearchState) | undefined
  let writtenAt = performance.now()
  let isOver = kept?.isOver ?? false
  const write = () =>
    store.keep({ name, spec, digest, version: packageVersion(), seenAt: Date.now(), isOver, state: last })
  await write()
  return {
    before: kept?.state,
    isOver,
    reached(state) {
      if (performance.now() - writtenAt < WRITE_EVERY_MS) {
        latest = state
        return
      }
      latest = undefined
      last = state()
      writtenAt = performance.now()
      // A failed write is ignored, because the next write contains the whole state.
      write().catch(() => {})
    },
    async end(over) {
      isOver = over
      last = latest?.() ?? last
      await write()
    },
    close: store.close,
  }
}

function whyAnother({ version, spec }: Campaign): string {
  if (version !== packageVersion())
    return `chaos ${version} began this search, and the runs of chaos ${packageVersion()} may differ.`
  const length = 'seeds' in spec.limit ? `${spec.limit.seeds} seeds` : `${spec.limit.timeMs / 1000} s`
  return `that name belongs to another search: of ${spec.name}, for ${length}, from seed ${spec.firstSeed}. To continue that search, give its name alone.`
}

/**
 * Returns the search that was begun under a name.
 *
 * @throws UserError (usage) if there is no such search, or if it needs files. A search with files can be continued only
 * by its complete command line, which names the files.
 */
export async function searchOf(address: string, name: string): Promise<CampaignSpec> {
  const store = await openCampaigns(address)
  try {
    const kept = await store.find(name)
    if (kept === undefined)
      throw usageError(
        `--campaign ${name}: there is no search of that name yet. Give the options of the search as well, such as --target.`,
      )
    const { subject } = kept.spec
    try {
      requireKnown(subject, new Set())
    } catch {
      throw usageError(
        `--campaign ${name}: ${kept.spec.name} is in your own file, and the queue does not store such files. Give the whole command line that began the search.`,
      )
    }
    return kept.spec
  } finally {
    store.close()
  }
}

/**
 * Returns every named search.
 *
 * @throws UserError as `connectQueue` does.
 */
export async function listCampaigns(address: string): Promise<readonly Campaign[]> {
  const store = await openCampaigns(address)
  try {
    return await store.list()
  } finally {
    store.close()
  }
}
