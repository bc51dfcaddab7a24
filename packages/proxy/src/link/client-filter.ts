import { BlockList, isIP } from 'node:net'
import { usageError } from '@chaosproxy/history'

/** Whether a fault applies to the client with this address. */
export type ClientFilter = (address: string) => boolean

/** Creates a filter for an address, or for a network such as `10.0.0.0/8` or `fd00::/8`. @throws UserError (usage) */
export function createClientFilter(text: string): ClientFilter {
  const [network = '', bits, ...rest] = text.split('/')
  const version = isIP(network)
  const longest = version === 4 ? 32 : 128
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (version === 0 || rest.length > 0 || !(prefix <= longest))
    throw usageError(
      `"client" is ${JSON.stringify(text.slice(0, 60))}. Give an address, or a network such as 10.0.0.0/8 or fd00::/8.`,
    )
  const list = new BlockList()
  list.addSubnet(network, prefix, version === 4 ? 'ipv4' : 'ipv6')
  return (address) => {
    // A dual-stack listener reports IPv4 clients by their mapped addresses.
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
    return isIP(plain) === version && list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }
}
