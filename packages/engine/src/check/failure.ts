import type { FileTrouble, StoppedFile } from './result.ts'

/** The limit at which the work on a file was stopped. */
export const limitOf = ({ stopped }: StoppedFile): 'time' | 'memory' =>
  stopped.includes('out of memory') ? 'memory' : 'time'

export const isTroubled = <Result extends object>(result: Result | FileTrouble): result is FileTrouble =>
  'trouble' in result

export const isFailure = <Result extends object>(
  result: Result | FileTrouble | StoppedFile,
): result is FileTrouble | StoppedFile => 'trouble' in result || 'stopped' in result
