import type { CutMode } from '@chaosproxy/faults'
import type { Alarm, Chunk, Content, Ending, Piece, Stage } from './stage.ts'

// This file plans faults on bytes. Its pure functions plan how the waiting bytes are delivered, and the pump carries
// out the plan.

export interface Placed {
  readonly stage: Stage
  /** The number of bytes that pass in the stage's direction before the stage acts. */
  readonly afterBytes: number
  readonly hit: (times?: number) => void
}

export interface Next {
  readonly chunk: Chunk
  readonly content: Content
  /** The number of bytes left in the chunk; 0 for the end of the stream. */
  readonly sizeBytes: number
  /** The number of earlier bytes in this direction. */
  readonly positionBytes: number
}

export type Delivery =
  /** Nothing is delivered until the faults change. */
  | { readonly kind: 'hold' }
  /** All waiting bytes are lost immediately. The connection must be reset afterwards. */
  | { readonly kind: 'lose' }
  /**
   * The first bytes, or the end of the stream, are due at `atMs`. If `alone` is true, they are written in a system call
   * of their own.
   */
  | { readonly kind: 'deliver'; readonly piece: Piece; readonly atMs: number; readonly alone: boolean }
  /** At `atMs`, the stage `by` discards the piece or closes the connection. */
  | {
      readonly kind: 'discard' | 'close'
      readonly piece: Piece
      readonly atMs: number
      readonly by: Placed
    }

const HOLD: Delivery = { kind: 'hold' }
const LOSE: Delivery = { kind: 'lose' }

/** Whether a stage acts on bytes at this position. */
const actsAt = ({ afterBytes }: Placed, positionBytes: number): boolean => positionBytes >= afterBytes

/** Returns the combined effect of the cuts in force. A drop overrides a hold. */
export function cutAt(stages: readonly Placed[], positionBytes: number): 'none' | CutMode {
  let cut: 'none' | CutMode = 'none'
  for (const placed of stages) {
    const mode = placed.stage.cut
    if (mode === undefined || !actsAt(placed, positionBytes)) continue
    if (mode === 'drop') return 'drop'
    cut = mode
  }
  return cut
}

/**
 * Plans the next delivery in a direction. Cuts are applied first. Then one stage after the other decides how many bytes
 * leave together, and when. Only the head of the queue is planned: this preserves the order in spite of jitter, and
 * lets a change of faults apply to everything that still waits. The caller must report the outcome by `passed`.
 */
export function planDelivery(stages: readonly Placed[], next: Next, nowMs: number): Delivery {
  const { chunk, content, positionBytes } = next
  const cut = cutAt(stages, positionBytes)
  if (cut !== 'none') return cut === 'drop' ? LOSE : HOLD

  let { sizeBytes } = next
  let delayMs = 0
  let alone = false
  let fate: 'pass' | 'discard' | 'close' = 'pass'
  let by: Placed | undefined
  for (const placed of stages) {
    const { stage } = placed
    if (!actsAt(placed, positionBytes)) {
      sizeBytes = Math.min(sizeBytes, placed.afterBytes - positionBytes)
      continue
    }
    const itsFate = stage.fate?.(content) ?? 'pass'
    if (itsFate === 'hold') return HOLD
    if (itsFate !== 'pass') {
      fate = itsFate
      by = placed
      break
    }
    if (content === 'bytes') sizeBytes = stage.portionBytes?.(sizeBytes, chunk) ?? sizeBytes
    delayMs += stage.delayMs?.(chunk, content) ?? 0
    if (stage.alone === true) alone = true
  }

  const piece: Piece = { chunk, content, sizeBytes }
  let atMs = chunk.arrivedAtMs
  for (const placed of stages) {
    if (placed === by) break
    if (!actsAt(placed, positionBytes)) continue
    const { stage } = placed
    const itsDelayMs = stage.delayMs?.(chunk, content) ?? 0
    delayMs -= itsDelayMs
    atMs = stage.leavesAtMs?.(piece, atMs, nowMs - delayMs) ?? atMs + itsDelayMs
  }
  return fate === 'pass' || by === undefined ? { kind: 'deliver', piece, atMs, alone } : { kind: fate, piece, atMs, by }
}

/**
 * Tells all stages, or those before `until`, that a piece has passed. Returns how the connection ends; undefined if it
 * continues.
 */
export function passed(
  stages: readonly Placed[],
  next: Next,
  piece: Piece,
  until?: Placed | undefined,
): Ending | undefined {
  let ending: Ending | undefined
  const last = piece.sizeBytes === next.sizeBytes
  for (const placed of stages) {
    if (placed === until) break
    if (!actsAt(placed, next.positionBytes)) continue
    const itsEnding = placed.stage.moved?.(piece, last)
    if (itsEnding === undefined) continue
    placed.hit()
    ending ??= itsEnding
  }
  return ending
}

export function transform(stages: readonly Placed[], positionBytes: number, bytes: Buffer): Buffer {
  let transformed = bytes
  for (const placed of stages)
    if (placed.stage.transform !== undefined && actsAt(placed, positionBytes))
      transformed = placed.stage.transform(transformed)
  return transformed
}

export function nextAlarm(
  stages: readonly Placed[],
  positionBytes: number,
  nowMs: number,
): (Alarm & { readonly by: Placed }) | undefined {
  let first: (Alarm & { readonly by: Placed }) | undefined
  for (const placed of stages) {
    const alarm = actsAt(placed, positionBytes) ? placed.stage.alarm?.(nowMs) : undefined
    if (alarm !== undefined && (first === undefined || alarm.atMs < first.atMs)) first = { ...alarm, by: placed }
  }
  return first
}

/** Whether no stage at this position cuts or discards bytes. A stage may still hold or delay them. */
export const carries = (stages: readonly Placed[], positionBytes: number): boolean =>
  cutAt(stages, positionBytes) === 'none' &&
  !stages.some((placed) => actsAt(placed, positionBytes) && placed.stage.fate?.('bytes') === 'discard')

/** Whether content that arrives at this position of the stream counts as a hit of the stage's fault. */
export function meets(
  { stage, afterBytes }: Placed,
  content: Content,
  sizeBytes: number,
  positionBytes: number,
): boolean {
  const { countsArriving } = stage
  if (countsArriving === 'nothing' || (content === 'bytes' ? countsArriving === 'ends' : countsArriving === 'bytes'))
    return false
  return positionBytes + Math.max(0, sizeBytes - 1) >= afterBytes
}

const KIB = 1024
const MIB = 1024 * KIB

const FASTEST_BYTES_PER_MS = 2 * MIB

/**
 * Returns how many bytes of one direction may wait before the proxy stops reading. When it stops, the sender's own
 * buffers fill up, as on a real network. A delayed flow needs bandwidth × delay bytes to keep its speed.
 */
export function queueLimitBytes(stages: readonly Placed[]): number {
  let longestDelayMs = 0
  let bytesPerMs = FASTEST_BYTES_PER_MS
  for (const { stage } of stages) {
    longestDelayMs += stage.longestDelayMs ?? 0
    bytesPerMs = Math.min(bytesPerMs, (stage.bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000)
  }
  return Math.min(96 * MIB, 256 * KIB + bytesPerMs * longestDelayMs)
}
