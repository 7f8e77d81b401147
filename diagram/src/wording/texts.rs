//! A language as a file of one text a line, in the order of the catalogue's fields. The page fetches its own language so,
//! and no visitor downloads the others.

use super::Language;

/// The lines of such a file that are not read yet.
pub(super) type Lines = std::str::Lines<'static>;

/// What the catalogue is made of.
pub(super) trait Texts {
    /// Without texts. They are filled in place: to move six hundred of them from where they are read would be more code
    /// than all of the texts.
    const EMPTY: Self;

    /// Takes as many lines as it has texts.
    fn fill(&mut self, lines: &mut Lines);

    /// Tells each of its texts.
    fn each(&self, tell: &mut dyn FnMut(&'static str));
}

impl Texts for &'static str {
    const EMPTY: Self = "";

    #[inline(never)]
    fn fill(&mut self, lines: &mut Lines) {
        *self = lines.next().unwrap_or_default();
    }

    fn each(&self, tell: &mut dyn FnMut(&'static str)) {
        tell(self);
    }
}

impl Texts for Language {
    const EMPTY: Self = Self::En;

    fn fill(&mut self, lines: &mut Lines) {
        *self = Self::for_tag(lines.next().unwrap_or_default());
    }

    fn each(&self, tell: &mut dyn FnMut(&'static str)) {
        tell(self.tag());
    }
}

impl<A: Texts, B: Texts> Texts for (A, B) {
    const EMPTY: Self = (A::EMPTY, B::EMPTY);

    fn fill(&mut self, lines: &mut Lines) {
        self.0.fill(lines);
        self.1.fill(lines);
    }

    fn each(&self, tell: &mut dyn FnMut(&'static str)) {
        self.0.each(tell);
        self.1.each(tell);
    }
}

impl<T: Texts, const N: usize> Texts for [T; N] {
    const EMPTY: Self = [T::EMPTY; N];

    fn fill(&mut self, lines: &mut Lines) {
        self.iter_mut().for_each(|texts| texts.fill(lines));
    }

    fn each(&self, tell: &mut dyn FnMut(&'static str)) {
        self.iter().for_each(|texts| texts.each(tell));
    }
}

/// Declares a part of the catalogue.
macro_rules! texts {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* pub $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::wording::texts::Texts for $name {
            const EMPTY: Self = Self { $($field: $crate::wording::texts::Texts::EMPTY,)* };

            fn fill(&mut self, lines: &mut $crate::wording::texts::Lines) {
                $(self.$field.fill(lines);)*
            }

            fn each(&self, tell: &mut dyn FnMut(&'static str)) {
                $(self.$field.each(tell);)*
            }
        }
    };
}

pub(super) use texts;
