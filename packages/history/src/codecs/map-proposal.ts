import type { Json } from '../event/event.ts'
import { meaningOf } from '../operations/meaning.ts'
import { typeOf } from './event-types.ts'
import type { Members } from './roles.ts'

/** Proposes a `--map` for unknown members whose values show their role. */
export function proposal(lines: readonly Members[]): string {
  const names = [...new Set(lines.flatMap((line) => Object.keys(line)))]
  if (names.length === 0) return ''
  const taken = new Set<string>()
  const found = ROLE_TESTS.map(([role, fits]): string => {
    const name = names.find(
      (each) =>
        !taken.has(each) &&
        fits(
          lines.flatMap((line) => line[each] ?? []),
          each,
        ),
    )
    if (name !== undefined) taken.add(name)
    return `${role}=${name ?? 'MEMBER'}`
  })
  return ` Its members are ${names.join(', ')}. Say what they are: --map ${found.join(',')}`
}

export function likeliest(role: string, line: Members, names: readonly string[]): string | undefined {
  const fits = ROLE_TESTS.find(([each]) => each === role)?.[1]
  return names.find((name) => fits?.([line[name] ?? null], name))
}

const ROLE_TESTS: readonly (readonly [role: string, fits: (values: readonly Json[], name: string) => boolean])[] = [
  [
    'type',
    (values) => values.length > 0 && values.every((value) => typeof value === 'string' && typeOf(value) !== undefined),
  ],
  ['f', (values) => values.some((value) => typeof value === 'string' && meaningOf(value.toLowerCase()) !== undefined)],
  ['process', (values, name) => !OTHERS.test(name) && isRepeated(values) && values.every(isName)],
]

/** Names that certainly do not mean the process. */
const OTHERS = /val|key|time|stamp|(^|_)(at|ts|ms|us|ns|seq|index|line)(_|$)/i

/** Whether values repeat. Names of processes do, because each process has at least two events. */
const isRepeated = (values: readonly Json[]): boolean => values.length === 1 || new Set(values).size < values.length

const isName = (value: Json): boolean =>
  typeof value === 'string' || (Number.isInteger(value) && Number(value) >= 0 && Number(value) < 1e6)
