import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kv } from '../../../testing/src/containers/kv.ts'
import { processExists } from '../../../testing/src/real-cluster.ts'
import type { RunningDeclaration } from '../../src/cluster/declaration.ts'
import { releasePorts, reservePorts } from '../../src/command/ports.ts'
import { runToEnd } from '../../src/command/run-to-end.ts'
import type { Keeper } from '../../src/keeper/keeper.ts'

const server = join(import.meta.dirname, '../../../testing/src/containers/kv-server.mjs')
const ids = ['n1', 'n2', 'n3'] as const

/**
 * The service of `kv-server.mjs`, which a script has started instead of chaos. The script wrote the process ids to
 * files.
 */
export interface SomeonesCluster {
  readonly declaration: RunningDeclaration
  pid(node: string): number
  end(): void
}

interface Options {
  readonly directory: string
  /** Of the server. */
  readonly flags?: readonly string[]
}

export async function someonesCluster({ directory, flags = [] }: Options): Promise<SomeonesCluster> {
  const names = ids.flatMap((id) => [`${id} client`, `${id} peer`, ...ids.map((other) => `${id}>${other}`)])
  const ports: { readonly [name: string]: number } = await reservePorts(names)
  const at = (name: string) => `127.0.0.1:${ports[name]}`
  for (const id of ids) {
    const peers = ids.filter((other) => other !== id).map((other) => `${other}=${at(`${id}>${other}`)}`)
    const dataDir = join(directory, id)
    mkdirSync(dataDir)
    const words = [process.execPath, server, '--name', id, '--data', dataDir, '--listen', at(`${id} client`)]
    const rest = ['--peer', at(`${id} peer`), '--peers', peers.join(','), ...flags]
    const log = join(directory, `${id}.out`)
    writeFileSync(
      join(directory, `${id}.sh`),
      `setsid ${[...words, ...rest].map((word) => `'${word}'`).join(' ')} >> ${log} 2>&1 < /dev/null & echo $! > ${join(directory, `${id}.pid`)}`,
    )
  }
  const pid = (node: string) => {
    const path = join(directory, `${node}.pid`)
    return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  }
  const keeper: Keeper = {
    pid: 0,
    announce() {},
    watch() {},
    forget() {},
    removeLater() {},
    undoLater: () => () => {},
    undoUntil() {},
    unref() {},
    close: async () => {},
  }
  for (const id of ids) {
    const command = { words: ['/bin/sh', join(directory, `${id}.sh`)] } as const
    await runToEnd({
      name: id,
      command,
      keeper,
      logPath: join(directory, 'start.log'),
      timeoutMs: 10_000,
      forks: false,
    })
  }
  const killing = `kill -9 $(cat ${directory}/{node}.pid)`
  const signalling = (signal: string) => ['/bin/sh', '-c', `kill -${signal} $(cat ${directory}/{node}.pid)`]
  return {
    pid,
    declaration: {
      name: 'kv',
      nodes: ids.map((id) => ({ addresses: { client: at(`${id} client`), peer: at(`${id} peer`) } })),
      links: ids.flatMap((from) =>
        ids
          .filter((to) => to !== from)
          .map((to) => ({ from, to, listen: at(`${from}>${to}`), reach: at(`${to} peer`) })),
      ),
      faults: {
        kill: { do: ['/bin/sh', '-c', killing], undo: ['/bin/sh', `${directory}/{node}.sh`], withinMs: 5_000 },
        pause: { do: signalling('STOP'), undo: signalling('CONT') },
      },
      ready: { by: 'http', path: '/health' },
      role: kv.role,
      client: kv.client,
    },
    end() {
      for (const id of ids) if (processExists(pid(id))) process.kill(pid(id), 'SIGKILL')
      releasePorts(Object.values(ports))
    },
  }
}
