import type { Probe, ProbeAnswer } from '@chaosproxy/runner/result'
import { late, MOST_ANSWER_BYTES, numberIn, shortened } from './command.ts'

/** Sends a GET request. A redirection counts as an answer. */
export async function runHttpProbe({
  url,
  take,
  withinMs,
}: Extract<Probe, { readonly kind: 'http' }>): Promise<ProbeAnswer> {
  const signal = AbortSignal.timeout(withinMs)
  try {
    const { target, headers } = withoutCredentials(url)
    const response = await fetch(target, { signal, headers, redirect: 'manual' })
    if (take === 'status') {
      await response.body?.cancel()
      return { value: response.status }
    }
    const text = await bodyOf(response)
    return take === 'body' ? numberIn(text, 'the answer') : numberAtPath(text, take)
  } catch (error) {
    return signal.aborted ? late(withinMs) : { why: `no answer: ${whyOf(error)}` }
  }
}

/**
 * Moves the user and the password from the URL into a header. `fetch` rejects a URL that contains them, and its error
 * message would show them.
 */
function withoutCredentials(url: string): {
  readonly target: URL
  readonly headers: { readonly [name: string]: string }
} {
  const target = new URL(url)
  const { username, password } = target
  if (username === '' && password === '') return { target, headers: {} }
  target.username = ''
  target.password = ''
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  return { target, headers: { Authorization: `Basic ${credentials.toString('base64')}` } }
}

async function bodyOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes > MOST_ANSWER_BYTES) throw new Error('it is longer than a megabyte')
  }
  return Buffer.concat(chunks).toString('utf8')
}

function numberAtPath(text: string, path: readonly string[]): ProbeAnswer {
  const where = `json.${path.join('.')}`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { why: `the answer is not JSON: ${shortened(text)}` }
  }
  for (const name of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  if (typeof value === 'boolean') return { value: Number(value) }
  return typeof value === 'number'
    ? { value }
    : { why: `${where} is not a number: ${shortened(JSON.stringify(value) ?? 'nothing')}` }
}

/** Returns the cause of a `fetch` error. The error itself says only that the request failed. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message
}
