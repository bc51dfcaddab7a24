import { delayClients, links } from './links.ts'
import { messages } from './messages.ts'
import type { Nemesis } from './nemesis.ts'
import { cutClients, partitions } from './partitions.ts'
import { databases, machines, processes } from './processes.ts'
import { requests } from './requests.ts'

const all: Nemesis[] = [
  ...[...partitions, ...processes, ...links, ...messages, ...machines, ...databases, ...requests],
  ...[delayClients, cutClients],
]

/** Every nemesis. Help, documentation and tests iterate over this list. */
export const nemeses: readonly Nemesis[] = all

/** Registers a user-defined nemesis. */
export const addNemesis = (nemesis: Nemesis): void => void all.push(nemesis)
