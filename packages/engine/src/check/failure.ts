import type { FileTrouble, StoppedFile } from './result.ts'

export const isTroubled = <Result extends object>(result: Result | FileTrouble): result is FileTrouble =>
  'trouble' in result

export const isFailure = <Result extends object>(
  result: Result | FileTrouble | StoppedFile,
): result is FileTrouble | StoppedFile => 'trouble' in result || 'stopped' in result
