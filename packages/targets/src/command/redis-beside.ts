import type { MissingProgram } from '@chaosproxy/runner'
import type { BesideServer } from './beside.ts'
import { missingPrograms } from './programs.ts'

/** An empty Redis for the programs of nodes. */
export const redisBeside: BesideServer = {
  id: 'redis',
  words: ['redis-server', '--port', '{port}', '--bind', '{host}', '--save', '', '--dir', '{data}'],
}

export const missingRedis = (): Promise<readonly MissingProgram[]> =>
  missingPrograms([{ program: 'redis-server', install: 'apt-get install redis-server' }])
