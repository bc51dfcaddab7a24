import { readTextFile } from '@chaosproxy/engine/run'
import { UserError } from '@chaosproxy/history'
import {
  readHeader,
  readWrittenAnswer,
  readWrittenRequest,
  type WrittenAnswer,
  type WrittenRequest,
} from '@chaosproxy/recorder/routes'
import { type ParsedOptions, textOf, textsOf } from '../command.ts'

/** @throws UserError (usage, input) */
export function writtenRequest(options: ParsedOptions): WrittenRequest {
  const typed = textOf(options, 'request')
  if (typed === undefined)
    throw new UserError(
      'usage',
      `chaos routes try: give a request: --request 'GET /kv/x', or --request @request.http for a file with the whole request.`,
    )
  const request = readWrittenRequest(contentOf('request', typed), `--request ${typed}`)
  return {
    ...request,
    headers: [...request.headers, ...headersOf(options, 'header')],
    body: textOf(options, 'body') ?? request.body,
  }
}

/** @throws UserError (input) */
export function writtenAnswer(options: ParsedOptions): WrittenAnswer {
  const typed = textOf(options, 'answer') ?? '200'
  const answer = readWrittenAnswer(contentOf('answer', typed), `--answer ${typed}`)
  return {
    ...answer,
    headers: [...answer.headers, ...headersOf(options, 'answer-header')],
    body: textOf(options, 'answer-body') ?? answer.body,
  }
}

const contentOf = (option: string, typed: string): string =>
  typed.startsWith('@') ? readTextFile(`--${option}`, typed.slice(1)) : typed

const headersOf = (options: ParsedOptions, option: string): WrittenRequest['headers'] =>
  textsOf(options, option).map((line) => readHeader(line, `--${option}`))
