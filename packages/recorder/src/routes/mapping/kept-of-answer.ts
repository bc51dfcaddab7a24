import type { Fields } from '@chaosproxy/wire/http'
import type { RoutedRequest } from './mapping.ts'
import { LONGEST_REFUSAL_BYTES } from './refusals.ts'

type Wanted = Pick<RoutedRequest, 'answerBytes' | 'mayBeRefused'>

export function keptOfAnswer({ answerBytes, mayBeRefused }: Wanted, headers: Fields | undefined): number {
  if (!mayBeRefused) return answerBytes
  const isJson = /json/i.test(headers?.get('content-type') ?? 'json')
  const length = Number(headers?.get('content-length') ?? 0)
  return isJson && length <= LONGEST_REFUSAL_BYTES ? Math.max(answerBytes, LONGEST_REFUSAL_BYTES) : answerBytes
}
