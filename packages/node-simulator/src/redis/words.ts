import { isNoCommand, requestWords } from '@chaosproxy/wire'

/** The words of a command, one byte in each character; none for an empty line, undefined if it cannot be read. */
export function wordsOf(frame: Buffer): readonly string[] | undefined {
  if (isNoCommand(frame)) return []
  return requestWords(frame)?.map((word) =>
    typeof word === 'string'
      ? Buffer.from(word).toString('latin1')
      : Buffer.from((word as { readonly base64: string }).base64, 'base64').toString('latin1'),
  )
}
