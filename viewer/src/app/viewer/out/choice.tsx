/** Controls of the dialogs that send something out: one of several, yes or no. */
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';

interface ChoiceProps<V extends string> {
  readonly legend: string;
  readonly value: V;
  readonly options: readonly { readonly value: V; readonly label: string; readonly refused?: boolean }[];
  readonly onChoose: (value: V) => void;
}

export function Choice<V extends string>({ legend, value, options, onChoose }: ChoiceProps<V>): JSX.Element {
  const name = useId();
  return (
    <fieldset class="out-choice">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio" name={name} value={option.value} checked={option.value === value} disabled={option.refused ?? false}
            onChange={() => onChoose(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly value: boolean;
  readonly refused?: boolean;
  readonly onChange: (value: boolean) => void;
}

export function Switch({ label, value, refused = false, onChange }: SwitchProps): JSX.Element {
  return (
    <label class="out-switch">
      <input type="checkbox" checked={value} disabled={refused} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
