import { defineFamily, type FaultOf } from '../definition/family.ts'
import { client, counting, times } from '../definition/trigger.ts'
import { corruptDatagram, delayDatagram, dropDatagram, duplicateDatagram, reorderDatagram } from '../kinds/datagrams.ts'

/** Datagrams are counted from 1 on each link, from when the fault is applied. */
const when = { ...counting('datagram', ' of a link'), ...times, client }

/** Faults on single datagrams. Partitions and blackholes of a link also drop its datagrams. */
export const datagramFamily = defineFamily({
  name: 'udp',
  summary: 'single datagrams of UDP',
  noun: 'datagram fault',
  kinds: [dropDatagram, duplicateDatagram, reorderDatagram, delayDatagram, corruptDatagram],
  match: {},
  when,
})

export type DatagramFault = FaultOf<typeof datagramFamily.kinds, typeof datagramFamily.match, typeof when>
