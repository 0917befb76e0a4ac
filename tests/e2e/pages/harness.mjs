// The harness hub's contract, as the compiler would write it: {tick: {n, pad}, note: {text}}.

const wrong = (path, expected, value) => ({ path, expected, found: value === null ? 'null' : typeof value })

const fields = (types) => (value) => {
  if (typeof value !== 'object' || value === null) return wrong('', 'object', value)
  for (const [name, type] of Object.entries(types)) {
    if (typeof value[name] !== type) return wrong(`/${name}`, type, value[name])
  }
  return null
}

export const Harness = {
  name: 'Harness',
  hash: '',
  names: ['tick', 'note'],
  validate: { tick: fields({ n: 'number', pad: 'string' }), note: fields({ text: 'string' }) },
}
