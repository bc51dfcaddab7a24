import { type Exhibit, SEED } from './exhibit.ts'

interface Run {
  readonly target: string
  readonly workload: string
  readonly settings?: readonly string[]
  readonly faults: string
  readonly seconds: number
  /** By default, `linearizable`. */
  readonly expect?: Exhibit['breaks']
  readonly more?: readonly string[]
}

export const runArgs = ({
  target,
  workload,
  settings = [],
  faults,
  seconds,
  expect = 'linearizable',
  more = [],
}: Run): readonly string[] => [
  ...['run', '--target', target, '--workload', workload],
  ...settings.flatMap((setting) => ['--set', setting]),
  ...more,
  ...['--faults', faults, '--time', `${seconds}s`, '--seed', SEED, '--expect', expect],
]
