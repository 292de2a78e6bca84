"""Maps: declarative views (`maps/*.yaml`) become Folium pages without a foreign address in them."""
