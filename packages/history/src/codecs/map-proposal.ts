import type { Json } from '../event/event.ts'
import { CLIENT_NAME } from '../event/taken.ts'
import { meaningOf } from '../operations/meaning.ts'
import { typeOf } from './event-types.ts'
import type { Members } from './roles.ts'

/** Proposes a `--map` for unknown members whose values show their role. */
export function proposal(lines: readonly Members[]): string {
  const names = [...new Set(lines.flatMap((line) => Object.keys(line)))]
  if (names.length === 0) return ''
  const taken = new Set<string>()
  const found = ROLE_TESTS.map(([role, fits]): string => {
    const all = names.filter(
      (each) =>
        !taken.has(each) &&
        fits(
          lines.flatMap((line) => line[each] ?? []),
          each,
        ),
    )
    const name = best(role, all)
    if (name !== undefined) taken.add(name)
    return `${role}=${name ?? 'MEMBER'}`
  })
  const [type = '', ...others] = found
  const isTyped = !type.endsWith('=MEMBER')
  const timed = isTyped ? '' : `. If each line is an operation: --map call=MEMBER,return=MEMBER,${others.join(',')}`
  return ` Its members are ${names.join(', ')}. Say what they are: --map ${found.join(',')}${timed}`
}

export function likeliest(role: string, line: Members, names: readonly string[]): string | undefined {
  const fits = ROLE_TESTS.find(([each]) => each === role)?.[1]
  return best(
    role,
    names.filter((name) => fits?.([line[name] ?? null], name)),
  )
}

const best = (role: string, names: readonly string[]): string | undefined =>
  (role === 'process' ? names.find((name) => CLIENT_NAME.test(name)) : undefined) ?? names[0]

const ROLE_TESTS: readonly (readonly [role: string, fits: (values: readonly Json[], name: string) => boolean])[] = [
  [
    'type',
    (values) => values.length > 0 && values.every((value) => typeof value === 'string' && typeOf(value) !== undefined),
  ],
  ['f', (values) => values.some((value) => typeof value === 'string' && meaningOf(value.toLowerCase()) !== undefined)],
  ['process', (values, name) => !OTHERS.test(name) && isRepeated(values) && values.every(isName)],
]

/** Matches names of members that certainly do not hold the process of an event. */
const OTHERS =
  /val|key|resp|result|output|time|stamp|ur[il]|path|method|status|bytes|size|body|args|query|level|msg|(^|_)(at|ts|ms|us|ns|seq|index|line)(_|$)/i

/**
 * Whether some value occurs more than once, or there is only one value. The name of a process occurs more than once,
 * because each process has at least two events.
 */
const isRepeated = (values: readonly Json[]): boolean => values.length === 1 || new Set(values).size < values.length

const isName = (value: Json): boolean =>
  typeof value === 'string' || (Number.isInteger(value) && Number(value) >= 0 && Number(value) < 1e6)
