/** The sixteen bytes of an IPv6 address in any of its spellings. @throws TypeError where it is none. */
export function ipv6Bytes(address: string): Buffer {
  // As a URL writes it: without an IPv4 part, and with what `::` stands for in one place at most.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const groups = (part: string | undefined) => (part === undefined || part === '' ? [] : part.split(':'))
  const [first, last] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  return Buffer.from([...first, ...zeros, ...last].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
