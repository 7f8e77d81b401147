//! Elements as values of one type, on signals. Knows nothing of rooms.
//!
//! Leptos' `view!` makes a type of each element, attribute and closure, and code for each of these types: more than half of
//! what a visitor would download. Here an element is made at once, whatever is in it, and what changes is an effect
//! that belongs to the current owner. Of each way to change only the first step is compiled for each closure: it boxes it.

use socketscope_diagram::format::decimal;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, Event, HtmlInputElement, Node};

use crate::{
    browser::document,
    reactive::{Memo, Owner, RwSignal, Stored, untrack, watch},
};

/// An element of the page.
#[derive(Clone)]
pub(crate) struct El(Element);

/// A new HTML element.
pub(crate) fn el(tag: &str) -> El {
    El(document().create_element(tag).unwrap_or_else(|_| unreachable!("{tag} is a tag")))
}

/// A new SVG element.
pub(crate) fn svg(tag: &str) -> El {
    let element = document().create_element_ns(Some("http://www.w3.org/2000/svg"), tag);
    El(element.unwrap_or_else(|_| unreachable!("{tag} is a tag")))
}

impl From<Element> for El {
    fn from(element: Element) -> Self {
        Self(element)
    }
}

impl El {
    /// The element itself.
    pub(crate) fn element(&self) -> Element {
        self.0.clone()
    }

    /// The element as what it is in the browser.
    pub(crate) fn cast<T: JsCast>(&self) -> T {
        self.element().unchecked_into()
    }

    /// Sets the classes.
    pub(crate) fn class(self, names: &str) -> Self {
        self.attr("class", names)
    }

    /// Sets an attribute.
    pub(crate) fn attr(self, name: &str, value: impl Value) -> Self {
        put(&self.0, name, value.text().as_deref());
        self
    }

    /// Sets an attribute, now and whenever its value changes.
    pub(crate) fn live<V: Value>(
        self,
        name: &'static str,
        value: impl Fn() -> V + 'static,
    ) -> Self {
        self.live_attr(name, Box::new(move || value().text()));
        self
    }

    fn live_attr(&self, name: &'static str, value: Box<dyn Fn() -> Option<String>>) {
        let (element, mut shown) = (self.element(), None);
        watch(move || change(&mut shown, value(), |text| put(&element, name, text)));
    }

    /// Keeps a property as it should be: what the visitor has changed is no longer in the attribute.
    pub(crate) fn live_prop<V: Into<JsValue>>(
        self,
        name: &'static str,
        value: impl Fn() -> V + 'static,
    ) -> Self {
        self.live_property(name, Box::new(move || value().into()));
        self
    }

    fn live_property(&self, name: &'static str, value: Box<dyn Fn() -> JsValue>) {
        let element = self.element();
        watch(move || {
            // Only a frozen object refuses.
            let _ = js_sys::Reflect::set(&element, &name.into(), &value());
        });
    }

    /// Ties a field's text to `text`. A `select` has its options before.
    pub(crate) fn bind(self, text: RwSignal<String>) -> Self {
        self.live_prop("value", move || text.get())
            .on("input", move |event: Event| text.set(value_of(&event)))
    }

    /// Ties a box to be ticked to `ticked`.
    pub(crate) fn bind_checked(self, ticked: RwSignal<bool>) -> Self {
        self.live_prop("checked", move || ticked.get())
            .on("change", move |event: Event| ticked.set(field(&event).checked()))
    }

    /// Calls `handler` at each event `name`, for as long as the current owner lives.
    pub(crate) fn on<E: JsCast>(self, name: &str, mut handler: impl FnMut(E) + 'static) -> Self {
        self.listen(name, Box::new(move |event| handler(event.unchecked_into())));
        self
    }

    fn listen(&self, name: &str, handler: Box<dyn FnMut(Event)>) {
        let handler = Closure::wrap(handler);
        // Every element takes listeners.
        let _ = self.0.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref());
        Stored::new(handler);
    }

    /// Appends what is shown once.
    pub(crate) fn child(self, view: impl View) -> Self {
        view.show(&mut |node| drop(self.0.append_child(node)));
        self
    }

    /// Appends a text that changes.
    pub(crate) fn live_text<T: AsRef<str>>(self, text: impl Fn() -> T + 'static) -> Self {
        self.live_string(Box::new(move || text().as_ref().to_owned()))
    }

    fn live_string(self, text: Box<dyn Fn() -> String>) -> Self {
        let node = document().create_text_node("");
        let (place, mut shown) = (node.clone(), None);
        watch(move || {
            change(&mut shown, Some(text()), |text| place.set_data(text.unwrap_or_default()));
        });
        self.child(Node::from(node))
    }

    /// Appends what is made anew at each change.
    pub(crate) fn live_child<V: View>(self, view: impl Fn() -> V + 'static) -> Self {
        self.live_nodes(Box::new(move |nodes| {
            view().show(&mut |node| nodes.push(node.clone()));
        }));
        self
    }

    fn live_nodes(&self, view: Box<Nodes>) {
        let mut place = Place::at_the_end_of(&self.0);
        watch(move || {
            let mut nodes = Vec::new();
            view(&mut nodes);
            place.fill(nodes);
        });
    }

    /// Appends what is shown while `condition` holds.
    pub(crate) fn when<V: View>(
        self,
        condition: impl Fn() -> bool + 'static,
        view: impl Fn() -> V + 'static,
    ) -> Self {
        let holds = Memo::boxed(Box::new(condition));
        self.live_nodes(Box::new(move |nodes| {
            if holds.get() {
                untrack(&view).show(&mut |node| nodes.push(node.clone()));
            }
        }));
        self
    }

    /// Appends an element for each of `items`; it lives as long as its item is one of them. Those that stay keep
    /// their order.
    pub(crate) fn each<T: Clone + PartialEq + 'static>(
        self,
        items: impl Fn() -> Vec<T> + 'static,
        make: impl Fn(T) -> El + 'static,
    ) -> Self {
        let mut list = List::at_the_end_of(&self.0);
        let mut shown: Vec<T> = Vec::new();
        watch(move || {
            let items = items();
            let mut at = 0;
            shown.retain(|item| {
                let stays = items.contains(item);
                if stays {
                    at += 1;
                } else {
                    list.remove(at);
                }
                stays
            });
            for (at, item) in items.into_iter().enumerate() {
                if shown.get(at) != Some(&item) {
                    list.insert(at, &|| make(item.clone()));
                    shown.insert(at, item);
                }
            }
        });
        self
    }
}

/// What puts an element's changing children in.
type Nodes = dyn Fn(&mut Vec<Node>);

/// Elements that come and go one by one, each with an owner of its own.
struct List {
    place: Place,
    parent: Owner,
    shown: Vec<(Owner, Element)>,
}

impl List {
    fn at_the_end_of(parent: &Element) -> Self {
        let place = Place::at_the_end_of(parent);
        Self { place, parent: Owner::current().unwrap_or_default(), shown: Vec::new() }
    }

    fn remove(&mut self, at: usize) {
        let (owner, element) = self.shown.remove(at);
        element.remove();
        owner.cleanup();
    }

    fn insert(&mut self, at: usize, make: &dyn Fn() -> El) {
        let owner = self.parent.child();
        let element = owner.with(|| untrack(make)).0;
        let next = self.shown.get(at).map_or(&self.place.end, |(_, element)| element.as_ref());
        self.place.insert(&element, next);
        self.shown.insert(at, (owner, element));
    }
}

/// Where among an element's children something stands that changes.
struct Place {
    nodes: Vec<Node>,
    /// An empty text that marks the end.
    end: Node,
}

impl Place {
    fn at_the_end_of(parent: &Element) -> Self {
        let end = Node::from(document().create_text_node(""));
        let _ = parent.append_child(&end);
        Self { nodes: Vec::new(), end }
    }

    fn insert(&self, node: &Node, next: &Node) {
        let _ = self.end.parent_node().map(|parent| parent.insert_before(node, Some(next)));
    }

    fn fill(&mut self, nodes: Vec<Node>) {
        let old = std::mem::replace(&mut self.nodes, nodes);
        if let Some(parent) = self.end.parent_node() {
            old.iter().for_each(|node| drop(parent.remove_child(node)));
        }
        self.nodes.iter().for_each(|node| self.insert(node, &self.end));
    }
}

/// What stands in the field that an event is about.
pub(crate) fn value_of(event: &Event) -> String {
    field(event).value()
}

/// Inputs, selections and text areas all have a `value`, and that is all that is asked of them here.
fn field(event: &Event) -> HtmlInputElement {
    event.target().unwrap_or_else(|| unreachable!("events of fields have one")).unchecked_into()
}

/// A number of pixels: a tenth is finer than any screen.
pub(crate) fn px(value: f64) -> String {
    decimal(value, 1)
}

/// Lengths as an element's style.
pub(crate) fn style(lengths: &[(&str, f64)]) -> String {
    let mut style = String::new();
    for (name, value) in lengths {
        style.extend([name, ":", &px(*value), "px;"]);
    }
    style
}

/// What an attribute can be set to.
pub(crate) trait Value {
    /// Its text; nothing where the attribute is not to be there.
    fn text(self) -> Option<String>;
}

impl Value for &str {
    fn text(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl Value for String {
    fn text(self) -> Option<String> {
        Some(self)
    }
}

/// There or not, as `disabled` is.
impl Value for bool {
    fn text(self) -> Option<String> {
        self.then(String::new)
    }
}

impl<V: Value> Value for Option<V> {
    fn text(self) -> Option<String> {
        self?.text()
    }
}

/// Sets an attribute, or takes it away.
fn put(element: &Element, name: &str, text: Option<&str>) {
    // Only a name that is no name fails.
    let _ = match text {
        Some(text) => element.set_attribute(name, text),
        None => element.remove_attribute(name),
    };
}

/// Puts `text` where another one, or nothing yet, is shown: what the browser is told again it lays out again.
fn change(
    shown: &mut Option<Option<String>>,
    text: Option<String>,
    put: impl FnOnce(Option<&str>),
) {
    if shown.as_ref() != Some(&text) {
        put(text.as_deref());
        *shown = Some(text);
    }
}

/// What can stand in an element: elements, texts (which are a visitor's: they become text nodes), and several of them.
pub(crate) trait View {
    /// Hands over its nodes in order.
    fn show(self, put: &mut dyn FnMut(&Node));
}

impl View for Node {
    fn show(self, put: &mut dyn FnMut(&Node)) {
        put(&self);
    }
}

impl View for El {
    fn show(self, put: &mut dyn FnMut(&Node)) {
        put(&self.0);
    }
}

impl View for &str {
    fn show(self, put: &mut dyn FnMut(&Node)) {
        put(&document().create_text_node(self));
    }
}

impl View for String {
    fn show(self, put: &mut dyn FnMut(&Node)) {
        self.as_str().show(put);
    }
}

impl<V: View> View for Option<V> {
    fn show(self, put: &mut dyn FnMut(&Node)) {
        if let Some(view) = self {
            view.show(put);
        }
    }
}

impl<V: View> View for Vec<V> {
    fn show(self, put: &mut dyn FnMut(&Node)) {
        self.into_iter().for_each(|view| view.show(put));
    }
}

impl<V: View, const N: usize> View for [V; N] {
    fn show(self, put: &mut dyn FnMut(&Node)) {
        self.into_iter().for_each(|view| view.show(put));
    }
}
