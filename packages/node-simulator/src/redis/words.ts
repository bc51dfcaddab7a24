import { isNoCommand, readRespCommand } from '@chaosproxy/wire'

/** The words of a command, one byte in each character; none for an empty line, undefined if it cannot be read. */
export function wordsOf(frame: Buffer): readonly string[] | undefined {
  if (isNoCommand(frame)) return []
  return readRespCommand(frame)?.map((word) => (typeof word === 'string' ? Buffer.from(word) : word).toString('latin1'))
}
