/** Returns the sixteen bytes of an IPv6 address in any spelling. @throws TypeError for any other text. */
export function ipv6Bytes(address: string): Buffer {
  // A URL normalises the address: it then has no IPv4 part, and at most one `::`.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const groups = (part: string | undefined) => (part === undefined || part === '' ? [] : part.split(':'))
  const [first, last] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  return Buffer.from([...first, ...zeros, ...last].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
