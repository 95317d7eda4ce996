import { Box, Text } from 'ink';
import { createContext, type ReactNode, useContext } from 'react';
import { h } from '../h.ts';
import { fitLine, type Line, paint, type Theme } from '../text/spans.ts';

/** How lines are drawn; set once at the top. */
export const ThemeContext = createContext<Theme>({ isColoured: true, isUnicode: true });

interface RowsProps {
  readonly lines: readonly Line[];
  readonly width: number;
  /** Rows to fill; as many as there are lines unless told. */
  readonly height?: number;
}

/** Lines of the screen, each in exactly the given width: nothing wraps and nothing reaches the terminal unclean. */
export function Rows({ lines, width, height = lines.length }: RowsProps): ReactNode {
  const theme = useContext(ThemeContext);
  const shown = Array.from({ length: height }, (_, index) => lines[index] ?? []);
  return h(
    Box,
    { flexDirection: 'column', width, height, flexShrink: 0 },
    ...shown.map((line) =>
      h(
        Box,
        { width, height: 1, flexShrink: 0 },
        h(Text, { wrap: 'truncate' }, paint(fitLine(line, width), theme)),
      ),
    ),
  );
}
