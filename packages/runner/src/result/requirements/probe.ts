import type { Bound, Comparison, Refuse } from './bound.ts'

/** A query to a server, or a command, that runs after the final reads. */
export type Probe = { readonly withinMs: number } & (
  | {
      readonly kind: 'http'
      readonly url: string
      /** The status of the answer, a number in its body, or the number at a path in its JSON. */
      readonly take: 'status' | 'body' | readonly string[]
    }
  | {
      readonly kind: 'command'
      /** The command line, in the syntax of the shell. */
      readonly command: string
      /** The exit code, or the first number in the output. */
      readonly take: 'exit' | 'output'
    }
)

/** The number that a probe returned, or the reason why there is none. */
export type ProbeAnswer = { readonly value: number } | { readonly why: string }

const PROBE_EXAMPLES = ['http://127.0.0.1:8080/health status == 200', 'command "./count.sh" output >= 100'] as const

const USUAL_WITHIN_MS = 10_000
const LONGEST_WITHIN_MS = 600_000

const HTTP = /^(?<url>https?:\/\/\S+)(?:\s+(?<take>status|body|json\.\S+?))?\s*(?<rest>(?:>|<|=).*)?$/
const COMMAND = /^command\s+(?<quote>["'])(?<command>.+?)\k<quote>(?:\s+(?<take>\w+))?\s*(?<rest>(?:>|<|=).*)?$/
const REST = /^(?<sign>>=|<=|==|=|<|>)\s*(?<bound>-?\d+(?:\.\d+)?)(?:\s+within\s+(?<within>\S+))?$/

/**
 * Parses `URL [status|body|json.PATH] == NUMBER [within TIME]` and `command "WORDS" [exit|output] == NUMBER [within
 * TIME]`.
 */
export function parseProbe(text: string, refuse: Refuse): ({ readonly probe: Probe } & Bound) | undefined {
  if (!/^(?:https?:|command\b)/.test(text)) return undefined
  const isCommand = text.startsWith('command')
  const example = PROBE_EXAMPLES[isCommand ? 1 : 0]
  const { url, command, take, rest } = (isCommand ? COMMAND : HTTP).exec(text)?.groups ?? {}
  const { sign, bound, within } = REST.exec(rest ?? '')?.groups ?? {}
  if ((url ?? command) === undefined || sign === undefined || bound === undefined)
    return refuse(
      `write what to ask and the number to compare the answer with, such as ${JSON.stringify(example).replaceAll('\\"', "'")}.`,
    )
  const withinMs = within === undefined ? USUAL_WITHIN_MS : parseWithin(within, refuse)
  return {
    probe:
      command === undefined
        ? { kind: 'http', url: checkedUrl(url ?? '', refuse), take: ofAnswer(take), withinMs }
        : { kind: 'command', command, take: ofCommand(take, refuse), withinMs },
    comparison: (sign === '=' ? '==' : sign) as Comparison,
    bound: Number(bound),
  }
}

function checkedUrl(url: string, refuse: Refuse): string {
  return /^https?:\/\/[^/?#\s]+/.test(url) ? url : refuse(`${url} names no server.`)
}

const ofAnswer = (take: string | undefined): 'status' | 'body' | readonly string[] =>
  take === undefined || take === 'status' || take === 'body' ? (take ?? 'status') : take.split('.').slice(1)

function ofCommand(take: string | undefined, refuse: Refuse): 'exit' | 'output' {
  if (take === undefined || take === 'exit') return 'exit'
  return take === 'output' ? take : refuse(`only the exit or the output of a command can be compared, not ${take}.`)
}

const MS_PER: { readonly [unit: string]: number } = { ms: 1, s: 1e3, m: 60e3, min: 60e3 }

function parseWithin(typed: string, refuse: Refuse): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|min)$/.exec(typed) ?? []
  const withinMs = digits === undefined ? Number.NaN : Number(digits) * (MS_PER[unit] ?? Number.NaN)
  return withinMs > 0 && withinMs <= LONGEST_WITHIN_MS
    ? withinMs
    : refuse(`within ${typed}: write a time up to 10m, such as 500ms or 10s.`)
}
