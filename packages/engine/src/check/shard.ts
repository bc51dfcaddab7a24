import { createBoardMemory, decideOwnShard, judgeShare, type ShareAnswer, type SomeParts } from '@chaosproxy/checker'
import { CannotPack, type History, UserError } from '@chaosproxy/history'
import { MemoryLimitError, readHistory, readPacked } from '@chaosproxy/history/files'
import type { Job, Task } from '../jobs/job.ts'
import { judgePlaces } from './apart.ts'
import { type ApartResult, undecidedAt, withoutSigns } from './apart-result.ts'
import { dealingOf, shardOf } from './dealing.ts'
import { type CheckSpec, checkOptionsFor, modelFileOf } from './options.ts'
import { type RecordingName, storedIn } from './recording.ts'
import { ownModel } from './thread-model.ts'

/** The settings that affect a key's verdict. */
export type ShardSettings = Pick<
  CheckSpec,
  | 'initial'
  | 'model'
  | 'levels'
  | 'format'
  | 'keyed'
  | 'mapping'
  | 'ordering'
  | 'failedCas'
  | 'timeoutMs'
  | 'memoryBytes'
>

/**
 * A shard is the set of keys whose hash modulo `of` equals `shard`. A user's model divides a history into numbered
 * parts; its shard is the set of parts whose number modulo `of` equals `shard`.
 */
export interface ShardSpec {
  readonly recording: RecordingName
  readonly settings: ShardSettings
  readonly shard: number
  readonly of: number
  /** The number of groups (places) into which the keys are divided, if the recording is too large for memory. */
  readonly places?: number | undefined
}

/** The result of a shard. `met` means that the operations of each key are linearizable. */
export type ShardResult =
  | { readonly result: 'met' }
  /**
   * The key whose operations are not linearizable; null for the operations without a key. The receiver of this result
   * can verify the violation.
   */
  | { readonly result: 'violated'; readonly key: string | null }
  /**
   * The number of the violated part. A user's model divides the operations into parts. The process that receives the
   * result can verify it.
   */
  | { readonly result: 'violated part'; readonly part: number }
  /** The result if the keys were divided into groups (places). */
  | { readonly result: 'apart'; readonly shown: ApartResult }
  | Pick<Extract<ShareAnswer, { readonly result: 'unknown' }>, 'result' | 'limit' | 'undecided' | 'keys'>

export const shardJob: Job<ShardSpec, ShardResult> = {
  kind: 'judgeShard',
  // The job reads only the user's model, which the settings name. The spec identifies recordings by hash.
  reads: ({ settings }) => filesOf(settings),
  run: judgeShard,
}

function filesOf(settings: Pick<ShardSettings, 'model'>): readonly string[] {
  const model = modelFileOf(settings)
  return model === undefined ? [] : [model]
}

/** Returns 1 for each key in the shard, 0 for others. The first entry is for operations without a key. */
const keysOfShard = ({ keys }: Pick<History, 'keys'>, shard: number, of: number): Uint8Array =>
  Uint8Array.from(['', ...keys], (key) => (shardOf(key, of) === shard ? 1 : 0))

/** Settings that do not affect a key's verdict. */
const NOT_ASKED = {
  expect: undefined,
  require: undefined,
  baseline: undefined,
  workers: undefined,
  explain: false,
} as const

export async function judgeShard({ spec, progress }: Task<ShardSpec>): Promise<ShardResult> {
  const { recording, settings, shard, of, places } = spec
  if (places !== undefined) return { result: 'apart', shown: await judgeApartFrom(spec, places) }
  const history = await keptHistory(recording, settings)
  if (history === undefined) return { result: 'unknown', limit: 'memory', undecided: 1, keys: 1 }
  const checking = { ...settings, ...NOT_ASKED }
  const own = await ownModel(settings, progress)
  const options = checkOptionsFor(recording.file, history, checking, settings.timeoutMs, own)
  if (own !== undefined) return ofParts(decideOwnShard(history, own, options, { shard, of }))
  const share = keysOfShard(history, shard, of)
  const answer = judgeShare(history, { ...options, explain: false }, share, createBoardMemory())
  switch (answer.result) {
    case 'met':
    case 'packed':
      return { result: 'met' }
    case 'violated':
      return { result: 'violated', key: answer.counterexample?.keys[0] ?? null }
    case 'unknown':
      return { result: 'unknown', limit: answer.limit, undecided: answer.undecided, keys: answer.keys }
    default:
      return answer satisfies never
  }
}

const ofParts = (found: SomeParts): ShardResult =>
  found.result === 'violated' ? { result: 'violated part', part: found.part } : found

/** Judges a shard. Reads only the operations of the shard's keys into memory. */
async function judgeApartFrom({ recording, settings, shard, of }: ShardSpec, places: number): Promise<ApartResult> {
  const { format, ordering, memoryBytes, timeoutMs } = settings
  const { file } = recording
  const stored = storedIn(recording)
  try {
    const packed = await readPacked(file, dealingOf(places, { shard, of }), { format, stored, ordering, memoryBytes })
    const began = performance.now()
    const each = Array.from(Array(places).keys())
    return judgePlaces(packed, each, {
      file,
      settings: { ...settings, ...NOT_ASKED },
      leftMs: () => timeoutMs - (performance.now() - began),
    })
  } catch (error) {
    // The coordinator's command reads the recording too, and reports its errors.
    if (error instanceof CannotPack || error instanceof UserError)
      return withoutSigns({ result: 'whole', why: error.message })
    if (error instanceof MemoryLimitError) return undecidedAt('memory')
    throw error
  }
}

/** The recording that this thread has read, kept for its next shard. */
let kept: { readonly name: string; readonly history: Promise<History | undefined> } | undefined
let forgetting: NodeJS.Timeout | undefined
const KEPT_MS = 10_000

function keptHistory(recording: RecordingName, settings: ShardSettings): Promise<History | undefined> {
  const { format, keyed, mapping, ordering, memoryBytes } = settings
  const name = JSON.stringify([recording, format, keyed, mapping, ordering, memoryBytes])
  if (kept?.name !== name) kept = { name, history: read(recording, settings) }
  clearTimeout(forgetting)
  forgetting = setTimeout(() => {
    kept = undefined
  }, KEPT_MS).unref()
  return kept.history
}

async function read(
  recording: RecordingName,
  { format, keyed, mapping, ordering, memoryBytes }: ShardSettings,
): Promise<History | undefined> {
  try {
    const stored = storedIn(recording)
    return await readHistory(recording.file, { format, stored, independent: keyed, mapping, ordering, memoryBytes })
  } catch (error) {
    if (error instanceof MemoryLimitError) return undefined
    throw error
  }
}
