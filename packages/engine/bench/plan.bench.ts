import { join } from 'node:path'
import { type MadePlan, makePlan, measured } from '@chaosproxy/engine'

export const name = 'plan: what was predicted, and what ten times more than was measured takes'

const chaos = [process.execPath, join(process.cwd(), 'packages', 'cli', 'bin', 'chaos.js')] as const
const measuring = { chaos, listener: () => {} }

/** One in ten lies outside the bounds, more where other programs run. */
export async function run(print: (line: string) => void): Promise<void> {
  await planned('check', print, checkOfTenTimesMore)
  await planned('search', print, searchOfTenTimesMore)
}

interface Compared extends MadePlan {
  readonly found: Awaited<ReturnType<typeof measured.check>>
}

async function checkOfTenTimesMore(): Promise<Compared> {
  const sizes = { operations: 4_800_000, keys: 4_800, clients: 10, parts: 1 }
  const made = await makePlan({ kind: 'check', sizes }, asked(sizes.operations), measuring)
  return { ...made, found: await measured.check(sizes, measuring) }
}

async function searchOfTenTimesMore(): Promise<Compared> {
  const options = ['--target', 'raft']
  const made = await makePlan({ kind: 'fuzz', options }, asked(SEEDS), measuring)
  return { ...made, found: await measured.search(options, SEEDS, measuring) }
}

const SEEDS = 6_000
const asked = (size: number) => ({ size, machines: 1, calibration: undefined })

async function planned(what: string, print: (line: string) => void, compare: () => Promise<Compared>): Promise<void> {
  const { plan, found } = await compare()
  const line = (
    cost: string,
    estimate: MadePlan['plan']['timeMs'],
    measured: number,
    per: number,
    unit: string,
  ): void => {
    const [value, from, to, shown] = [estimate.value, estimate.from, estimate.to, measured].map((each) =>
      (each / per).toFixed(1),
    )
    const outside = measured < estimate.from || measured > estimate.to ? ': OUTSIDE' : ''
    print(
      `${what.padEnd(6)} ${cost.padEnd(6)} ${value} ${unit} (${from} to ${to}) predicted, ${shown} ${unit} found${outside}`,
    )
  }
  line('time', plan.timeMs, found.wallMs, 1_000, 's')
  line('cpu', plan.cpuMs, found.cpuMs, 1_000, 'CPU-s')
  line('memory', plan.memoryBytes, found.memoryBytes, 1e6, 'MB')
}
