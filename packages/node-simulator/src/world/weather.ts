import { createRandom } from '@chaosproxy/faults'
import { fate, type Stream, substream } from '@chaosproxy/simulator'

/** The delays of one run. They mainly determine which messages overtake others. */
export interface Weather {
  packet(stream: Stream, n: number): number
  disk(stream: Stream, n: number): number
  /** Returns the offset where the nth packet is split in two; 0 for no split. */
  split(stream: Stream, n: number, length: number): number
}

const LEAST_PACKET_MS = 0.1
const WIDTHS_MS = [0.3, 30] as const
const LEAST_DISK_MS = 0.05
const DISK_WIDTHS_MS = [0.2, 20] as const
const SPLITTING_RUNS = 0.3
const SPLIT = 0.3
/**
 * The number of distinct delays, in runs with few distinct delays. In such runs, packets often arrive at the same time.
 * In other runs, packets overtake each other. Some bugs appear in only one kind of run.
 */
const FEW = 3

const [TIME, CUT, PLACE] = [0, 1, 2] as const

/**
 * Draws the delays of a run. Their spread differs between runs. With a narrow spread, packets never overtake each
 * other. With a wide spread, packets are rarely close together.
 */
export function weatherOf(seed: number): Weather {
  const random = createRandom(`weather ${seed}`)
  const spread = (name: string, [least, most]: readonly [number, number]): ((drawn: number) => number) => {
    const own = random.fork(name)
    const width = least * (most / least) ** own.next()
    const bend = own.pick([1, 1, 3])
    const steps = own.chance(0.2) ? FEW : 0
    return (drawn) => {
      const share = steps === 0 ? drawn ** bend : Math.floor(drawn * steps) / steps
      return width * share
    }
  }
  const packets = spread('network', WIDTHS_MS)
  const disks = spread('disk', DISK_WIDTHS_MS)
  const splits = random.fork('split').chance(SPLITTING_RUNS)
  return {
    packet: (stream, n) => (LEAST_PACKET_MS + packets(fate(substream(stream, TIME), n))) * 1e6,
    disk: (stream, n) => (LEAST_DISK_MS + disks(fate(substream(stream, TIME), n))) * 1e6,
    split(stream, n, length) {
      if (!splits || length < 2 || fate(substream(stream, CUT), n) >= SPLIT) return 0
      return 1 + Math.floor(fate(substream(stream, PLACE), n) * (length - 1))
    },
  }
}
