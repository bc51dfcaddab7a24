import { UNKNOWN_START } from '@chaosproxy/checker'
import { commandLine, fileWord } from '../command-line.ts'
import type { CheckSpec } from './options.ts'

/** Returns the command that repeats a check of the file. */
export function checkCommandLine(
  file: string,
  {
    model,
    initial,
    expect,
    require = [],
    format,
    keyed,
    mapping,
    ordering = {},
    failedCas,
    assume = [],
    unit,
  }: CheckSpec,
  merged?: readonly string[],
): string {
  const given = {
    model,
    initial: initial === undefined || initial === UNKNOWN_START ? initial : JSON.stringify(initial),
    expect,
    format,
    map:
      mapping &&
      Object.entries(mapping)
        .map((pair) => pair.join('='))
        .join(','),
    unit,
    order: ordering.by,
    'time-tolerance': inMillis(ordering.toleranceNanos),
    clock: inMillis(ordering.clockNanos),
    skew: inMillis(ordering.skewNanos),
    require,
    'failed-cas': failedCas === 'auto' ? undefined : failedCas,
    assume: assume.length === 0 ? undefined : assume.join(','),
  }
  const options = Object.entries(given).flatMap(([name, value = []]) =>
    [value].flat().flatMap((each) => [`--${name}`, each]),
  )
  const pairs = keyed === undefined ? [] : [keyed ? '--keyed' : '--no-keyed']
  const merge = merged === undefined ? [] : ['--merge']
  const files = (merged ?? [file]).map(fileWord)
  return commandLine(['npx', 'chaos', 'check', ...files, ...merge, ...options, ...pairs])
}

const inMillis = (nanos: number | undefined): string | undefined =>
  nanos === undefined ? undefined : `${nanos / 1e6}ms`
