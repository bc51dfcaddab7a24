import { type Completion, type Input, type Json, meaningOf, withArticle } from '@chaosproxy/history'

/** The outcome of a user-defined client's answer. `broken`: the answer is invalid. */
export type JudgedAnswer = Completion | { readonly type: 'broken'; readonly why: string }

/**
 * Judges an answer that is not an error. The result of a write is its input, because drivers answer writes differently
 * (`OK`, a new count). A change answered with undefined also has its input as its result. Any other answer must contain
 * the result.
 */
export function judgeAnswer({ f, value: given }: Input, answer: unknown): JudgedAnswer {
  if (f === 'cas') {
    if (answer === false) return { type: 'fail', error: 'mismatch', answered: true }
    if (answer === true || answer === undefined) return { type: 'ok', value: given }
    return {
      type: 'broken',
      why: `the client answered a cas with ${answerText(answer)}. Answer true, or false where it found another value`,
    }
  }
  const answers = meaningOf(f)?.answers
  if (answers === 'nothing' || answers === 'reply' || (answers === 'perhaps' && answer === undefined))
    return { type: 'ok', value: given }
  if (answer === undefined)
    return {
      type: 'broken',
      why: `the client answered ${withArticle(f)} with nothing. Return the result, or null if there is no value`,
    }
  const value = plain(answer)
  return value === undefined
    ? {
        type: 'broken',
        why: `the client answered ${withArticle(f)} with ${answerText(answer)}, which JSON cannot represent`,
      }
    : { type: 'ok', value }
}

/** Returns a value as JSON, unless JSON would change it. */
function plain(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object') return undefined
  if (Array.isArray(value)) {
    const items = value.map(plain)
    return items.includes(undefined) ? undefined : (items as Json[])
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined
  const members = Object.entries(value).map(([name, member]) => [name, plain(member)] as const)
  return members.some(([, member]) => member === undefined) ? undefined : (Object.fromEntries(members) as Json)
}

export function answerText(value: unknown): string {
  const text = typeof value === 'bigint' ? `${value}n` : (safeJson(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
