import os from 'node:os'
import { runningLife } from '../world/life.ts'

const GB = 2 ** 30

export const osModule = (): object => ({
  ...os,
  hostname: () => runningLife().id,
  cpus: () => [{ model: 'simulated', speed: 1_000, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }],
  availableParallelism: () => 1,
  totalmem: () => 4 * GB,
  freemem: () => 2 * GB,
  loadavg: () => [0, 0, 0],
  uptime: () => 1_000 + runningLife().steadyMs() / 1e3,
  networkInterfaces: () => ({}),
  homedir: () => '/home/node',
  tmpdir: () => '/tmp',
  userInfo: () => ({ uid: 1_000, gid: 1_000, username: 'node', homedir: '/home/node', shell: null }),
  release: () => '6.0.0',
  version: () => '#1',
  machine: () => 'x86_64',
  getPriority: () => 0,
  setPriority() {},
})
