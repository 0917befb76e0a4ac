// Light or dark: the system's choice until the visitor makes one.

import { byId } from './page'

const root = document.documentElement
const dark = () => (root.dataset['theme'] ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark'

byId('theme').addEventListener('click', () => {
  root.dataset['theme'] = dark() ? 'light' : 'dark'
  document.dispatchEvent(new Event('themechange'))
})
