import type { Json } from '@chaosproxy/history'
import { respToJson } from './resp.ts'
import { readRespCommand } from './resp-value.ts'

/** The words of a request; undefined if it cannot be read. */
export const requestWords = (request: Buffer): readonly Json[] | undefined => readRespCommand(request)?.map(wordToJson)

const wordToJson = (word: string | Buffer): Json =>
  typeof word === 'string' ? word : respToJson({ kind: 'string', value: word })
